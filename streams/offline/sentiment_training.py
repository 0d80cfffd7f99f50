"""Trains a sentiment model on labelled texts: logistic regression, then one factor that sets the alert's precision."""

import math
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from schemas.row import Floats, Ints
from streams.compiled import compiled
from streams.offline.metrics import ALERT, LABELS, Label, Quality, cut_at_precision, quality
from streams.offline.rhythm import Bools
from streams.sentiment.grams import BITS, Places, places
from streams.sentiment.model import SentimentModel

HOLD_OUT_EVERY = 10  # one text in so many
EPOCHS, STEP, FLOOR = 5, 0.2, 1e-3  # chosen on the held-out texts; FLOOR keeps the first step finite
# A neutral text counts as three quarters positive: with 1/2 the mean sentiment of neutral texts was -0.15 to -0.24, and
# a negative flag, which clears at a mean of 0, would have survived any number of neutral comments.
TARGETS = {Label.NEG: 0.0, Label.NEU: 0.75, Label.POS: 1.0}
MIN_TEXTS = 1_000  # of neg and of pos
MAX_FACTOR, SATURATED = 4.0, 0.9999  # a larger factor makes every text certain; a sentiment that counts as 1
ALERT_PRECISION = 0.925  # among neg and pos, so that unseen texts stay above .9


class Examples(NamedTuple):
    """Labelled texts as columns, and the features that training reads."""

    texts: list[str]
    label: NDArray[np.int8]
    lang: NDArray[np.str_]
    corpus: NDArray[np.str_]
    split: Ints  # a hash of the text: equal texts are never on two sides
    places: Places  # int32[m], of the distinct grams of all texts, end to end
    ends: Ints  # int64[n], where each text's places end

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

    def is_hold_out(self) -> Bools:
        """Return which rows validation keeps for itself: a tenth of the texts, by hash."""
        return np.equal(self.split % HOLD_OUT_EVERY, 0)

    def for_calibration(self) -> Bools:
        """Return another tenth, independent of ``is_hold_out``."""
        return np.equal(self.split // HOLD_OUT_EVERY % HOLD_OUT_EVERY, 0)


@compiled
def epoch(
    places: Places, ends: Ints, target: Floats, order: Ints, step: float, weights: Floats, squares: Floats
) -> None:
    """Update the weights with every text of ``order`` once, by Adagrad.

    Duchi et al., Adaptive Subgradient Methods, JMLR 2011. scikit-learn has no Adagrad: its averaged SGD is as good on
    held-out texts, but it gives rare grams too little weight for short ones ("not happy with this" raised no alarm).

    Args:
        places: int32[m], the places of all texts' grams, end to end.
        ends: int64[n], where each text's places end.
        target: float64[n], the probability of pos that is taught.
        order: int64[k], rows of ``ends``.
        step: the learning rate.
        weights: float64[2 ** BITS + 1], the bias last; updated.
        squares: as ``weights``, sums of squared slopes, above 0; updated.
    """
    bias = len(weights) - 1
    for text in order:
        start = ends[text - 1] if text > 0 else 0
        stop = ends[text]
        if start == stop:
            continue
        total, norm = 0.0, 1.0 / math.sqrt(stop - start)
        for k in range(start, stop):
            total += weights[places[k]]
        slope = 1.0 / (1.0 + math.exp(-(weights[bias] + total * norm))) - target[text]
        squares[bias] += slope * slope
        weights[bias] -= step * slope / math.sqrt(squares[bias])
        slope *= norm
        for k in range(start, stop):
            place = places[k]
            squares[place] += slope * slope
            weights[place] -= step * slope / math.sqrt(squares[place])


def fit(examples: Examples, rows: Bools, seed: int) -> tuple[Floats, float]:
    """Return the weights, float64[2 ** BITS], and the bias that ``rows``, bool[n], teach."""
    target = np.zeros(len(examples.label))
    for label, value in TARGETS.items():
        target[examples.label == label] = value
    weights, squares = np.zeros((1 << BITS) + 1), np.full((1 << BITS) + 1, FLOOR)
    rng, picked = np.random.default_rng(seed), np.flatnonzero(rows)
    for n in range(EPOCHS):
        step = STEP * (1.0 - n / EPOCHS)
        epoch(examples.places, examples.ends, target, rng.permutation(picked), step, weights, squares)
    return weights[:-1], float(weights[-1])


def sharpness(model: SentimentModel, examples: Examples, rows: Bools) -> float:
    """Return the factor for weights and bias at which the alert has its precision on ``rows``, at most ``MAX_FACTOR``.

    It is 1 where no factor gives that precision.
    """
    picked = np.flatnonzero(rows & (examples.label != Label.NEU))
    sentiment = model.score([examples.texts[i] for i in picked])
    cut, _ = cut_at_precision(-sentiment, examples.label[picked] == Label.NEG, ALERT_PRECISION)
    if math.isnan(cut):
        return 1.0
    return math.atanh(-ALERT) / max(math.atanh(min(cut, SATURATED)), math.atanh(-ALERT) / MAX_FACTOR)


def train(examples: Examples, rows: Bools, name: str, seed: int = 1) -> SentimentModel:
    """Return a model of all ``rows``; the factor is found on a tenth of them by a model that did not see it.

    Raises:
        ValueError: too few of ``rows`` are positive or negative.
    """
    counts = {label: int((examples.label[rows] == label).sum()) for label in Label}
    if min(counts[Label.NEG], counts[Label.POS]) < MIN_TEXTS:
        found = f"{counts[Label.NEG]} neg and {counts[Label.POS]} pos"
        raise ValueError(f"at least {MIN_TEXTS} texts each of neg and pos are needed to train on, found {found}")
    apart = rows & examples.for_calibration()
    weights, bias = fit(examples, rows & ~apart, seed)
    factor = sharpness(SentimentModel(weights, bias, name), examples, apart)
    weights, bias = fit(examples, rows, seed)
    return SentimentModel(factor * weights, factor * bias, name)


def judge(model: SentimentModel, examples: Examples, rows: Bools) -> list[Quality]:
    """Return the quality of a model on some rows: of each language, then of each corpus where there are several."""
    picked = np.flatnonzero(rows)
    sentiment = model.score([examples.texts[i] for i in picked])
    label, found = examples.label[picked], []
    for column in (examples.lang[picked], examples.corpus[picked]):
        groups = np.unique(column).tolist()
        if groups != [""]:
            found += [quality(group, sentiment[column == group], label[column == group]) for group in groups]
    return found


def validate(examples: Examples, seed: int) -> list[Quality]:
    """Return the quality, on the texts held out, of a model trained on the others."""
    apart = examples.is_hold_out()
    return judge(train(examples, ~apart, "validation", seed), examples, apart)


def leave_out(examples: Examples, seed: int) -> list[Quality]:
    """Return the quality on each corpus of a model trained on all the others."""
    rows: list[Quality] = []
    corpora = np.unique(examples.corpus).tolist()
    for corpus in corpora if len(corpora) > 1 else []:
        apart = examples.corpus == corpus
        model = train(examples, ~apart, "validation", seed)
        rows += [row for row in judge(model, examples, apart) if row.group == corpus]
    return rows
