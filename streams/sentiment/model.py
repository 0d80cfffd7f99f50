"""The model: a weight for every place, a bias, and the file that holds them.

A file is a header of 64 bytes and 2^18 weights as little-endian float16, 524,352 bytes in all:

| bytes | what |
|---|---|
| 4 | ``FPSM`` |
| 2 | format: the layout of the file *and* the way from text to places; a reader refuses any other |
| 2 | bits: 18, the logarithm of the number of weights |
| 4 | bias, float32 |
| 4 | CRC-32 of the weights |
| 48 | name, UTF-8, padded with zeros |

A text's sentiment is ``2 p - 1`` with ``p = 1 / (1 + exp(-(bias + sum of weights / sqrt(number of grams))))``, the
probability of ``pos``; one without any token has no sentiment: 0.
"""

import math
from pathlib import Path
from typing import Annotated
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from schemas.row import Floats, Ints, dtype_of, f4
from streams.compiled import compiled
from streams.sentiment.characters import FOLD
from streams.sentiment.grams import BITS, LONGEST, Codes, Folds, Places, codes_of, grams_of, tokens_for, tokens_of

FORMAT = 2
SHIPPED = Path(__file__).with_name("shipped.model")

Weights = NDArray[np.float32]


class ModelHeader:
    """The first 64 bytes of a file."""

    magic: Annotated[bytes, "S4"]
    format: Annotated[int, "<u2"]
    bits: Annotated[int, "<u2"]
    bias: f4
    checksum: Annotated[int, "<u4"]
    name: Annotated[bytes, "S48"]


FILE_HEADER = dtype_of(ModelHeader)
FILE_BYTES = FILE_HEADER.itemsize + (2 << BITS)


@compiled
def score_each(
    codes: Codes, stops: Ints, fold: Folds, scratch: tuple[Ints, Places], grams: Places, model: tuple[Weights, float]
) -> Floats:
    """Return each text's sentiment."""
    tokens, seen = scratch
    weights, bias = model
    out = np.zeros(len(stops))
    start = 0
    for text in range(len(stops)):
        n = tokens_of(codes, start, stops[text], fold, tokens)
        n = grams_of(tokens, n, 1, seen, grams, 0)
        start = stops[text]
        if n > 0:
            total = 0.0
            for k in range(n):
                total += weights[grams[k]]
                seen[grams[k]] = 0
            out[text] = math.tanh((bias + total / math.sqrt(n)) / 2.0)  # = 2 p - 1
    return out


class SentimentModel:
    """Weights that turn texts into sentiment."""

    def __init__(self, weights: NDArray[np.floating], bias: float, name: str) -> None:
        """Wrap weights; they are kept at the file's precision, so that a model scores as its file will.

        Raises:
            ValueError: the weights are not 2^18 finite numbers, or the name is longer than 48 bytes.
        """
        self._weights_f2 = np.asarray(weights, "<f2")
        self._weights = self._weights_f2.astype(np.float32)
        self.bias, self.name = float(np.float32(bias)), name
        self._seen = np.zeros(1 << BITS, np.int32)  # zeros again after each text: a new one is a megabyte per batch
        if self._weights.shape != (1 << BITS,) or not np.isfinite(self._weights).all() or not math.isfinite(bias):
            raise ValueError(f"a model has 2^{BITS} finite weights and a bias")
        if len(name.encode()) > FILE_HEADER["name"].itemsize:
            raise ValueError("the name of a model has at most 48 bytes")

    def score(self, texts: list[str]) -> Floats:
        """Return the sentiment of each text, -1..1; 0 for one without words. Best in batches of 256 and more.

        >>> shipped().score(["质量很好 非常喜欢", ""]).round() + 0.0
        array([1., 0.])
        """
        codes, stops = codes_of(texts)
        tokens = tokens_for(texts)
        grams = np.empty(LONGEST * len(tokens), np.int32)
        return score_each(codes, stops, FOLD, (tokens, self._seen), grams, (self._weights, self.bias))

    def to_bytes(self) -> bytes:
        """Return the file."""
        header = np.zeros((), FILE_HEADER)
        body = self._weights_f2.tobytes()
        header[()] = (b"FPSM", FORMAT, BITS, self.bias, crc32(body), self.name.encode())
        return header.tobytes() + body


def from_bytes(data: bytes) -> SentimentModel:
    """Return the model of a file.

    Raises:
        ValueError: it is not a model file, of another format, or damaged.
    """
    if data[:4] != b"FPSM" or len(data) < FILE_HEADER.itemsize:
        raise ValueError("not a sentiment model: it does not begin with FPSM")
    header = np.frombuffer(data, FILE_HEADER, 1)[0]
    if header["format"] != FORMAT or header["bits"] != BITS:
        found = f"format {header['format']} with {header['bits']} bits"
        raise ValueError(f"a sentiment model of {found}; this version reads format {FORMAT} with {BITS} bits")
    body = data[FILE_HEADER.itemsize :]
    if len(data) != FILE_BYTES or crc32(body) != header["checksum"]:
        raise ValueError("a damaged sentiment model: its length or checksum is wrong")
    return SentimentModel(np.frombuffer(body, "<f2"), float(header["bias"]), bytes(header["name"]).decode())


def read(path: Path) -> SentimentModel:
    """Return the model of a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a model that this version can use.
    """
    return from_bytes(path.read_bytes())


def shipped() -> SentimentModel:
    """Return the model that comes with the program; ``MODEL_CARD.md`` says what it was trained on."""
    return read(SHIPPED)
