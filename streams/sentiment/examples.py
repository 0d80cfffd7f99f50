"""Labelled texts as columns, and which of them are held out."""

from enum import IntEnum
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from schemas.layout import Ints
from streams.sentiment.grams import Places, places

HELD_OUT = 10  # one text in so many


class Label(IntEnum):
    """What a person said of a text."""

    NEG = -1
    NEU = 0
    POS = 1


LABELS = {label.name.lower(): label for label in Label}


class Examples(NamedTuple):
    """Texts, their labels, and the features that training reads."""

    texts: list[str]
    label: NDArray[np.int8]
    lang: NDArray[np.str_]
    corpus: NDArray[np.str_]
    split: Ints  # a hash of the text: equal texts are never on two sides
    places: Places
    ends: Ints

    @classmethod
    def of(cls, rows: list[tuple[str, str, str, str]]) -> Self:
        """Return the columns of (corpus, lang, text, label) rows; a label is neg, neu or pos."""
        texts = [text for _, _, text, _ in rows]
        return cls(
            texts,
            np.array([LABELS[label] for _, _, _, label in rows], np.int8),
            np.array([lang for _, lang, _, _ in rows], np.str_),
            np.array([corpus for corpus, _, _, _ in rows], np.str_),
            np.array([crc32(text.strip().encode("utf-8", "surrogatepass")) for text in texts], np.int64),
            *places(texts),
        )

    def held_out(self) -> NDArray[np.bool_]:
        """Return which rows validation keeps for itself: a tenth of the texts, by hash."""
        return np.equal(self.split % HELD_OUT, 0)

    def for_calibration(self) -> NDArray[np.bool_]:
        """Return another tenth, independent of ``held_out``."""
        return np.equal(self.split // HELD_OUT % HELD_OUT, 0)
