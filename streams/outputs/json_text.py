"""Pieces of JSON as kernels write them: writing records is the largest stage, and this makes it a tenth of itself."""

import math

import numpy as np

from schemas.row import Bytes, Ints
from streams.compiled import compiled

MAX_ESCAPED = 6  # bytes that a byte of a text may take
MAX_SCALED = 1e15  # of a number times ten for each decimal

PackedTexts = tuple[Bytes, Ints]  # texts end to end, and where each stops, after a zero


def pack_texts(texts: list[str]) -> PackedTexts:
    """Return texts as the kernel reads them."""
    raw = [text.encode() for text in texts]
    return np.frombuffer(b"".join(raw), np.uint8), np.cumsum([0, *map(len, raw)])


@compiled
def put_bytes(out: Bytes, at: int, data: Bytes, start: int, stop: int) -> int:
    """Copy what needs no escape; return where it stops."""
    for i in range(start, stop):
        out[at] = data[i]
        at += 1
    return at


@compiled
def put(out: Bytes, at: int, text: PackedTexts, k: int) -> int:
    """Copy the ``k``-th text, the last one where a row names none; return where it stops."""
    data, stops = text
    k = min(max(k, 0), len(stops) - 2)
    return put_bytes(out, at, data, stops[k], stops[k + 1])


@compiled
def put_int(out: Bytes, at: int, n: int) -> int:
    """Write a whole number."""
    if n < 0:
        out[at] = 45
        at, n = at + 1, -n  # no recursion: a kernel that calls itself crashes when it comes out of numba's cache
    size, rest = 1, n // 10
    while rest > 0:
        size, rest = size + 1, rest // 10
    for i in range(at + size - 1, at - 1, -1):
        out[i] = 48 + n % 10
        n //= 10
    return at + size


@compiled
def put_fixed(out: Bytes, at: int, x: float, decimals: int) -> int:
    """Write a number with so many decimals; one that JSON or the room for it does not know as 0 or ``MAX_SCALED``."""
    scale = 10**decimals
    scaled = abs(float(x)) * scale  # plain Python would multiply 32 bits
    if not scaled < MAX_SCALED:
        scaled = 0.0 if math.isnan(scaled) else MAX_SCALED
    n = int(scaled + 0.5)
    if x < 0.0 and n > 0:
        out[at] = 45
        at += 1
    at = put_int(out, at, n // scale)
    out[at] = 46
    rest = n % scale
    for i in range(at + decimals, at, -1):
        out[i] = 48 + rest % 10
        rest //= 10
    return at + decimals + 1


@compiled
def put_escaped(out: Bytes, at: int, data: Bytes, start: int, stop: int) -> int:
    """Copy UTF-8 into a JSON string."""
    for i in range(start, stop):
        c = int(data[i])
        if c == 34 or c == 92:  # noqa: PLR1714  numba makes a set for each byte: 33 ns, not 1
            out[at], out[at + 1] = 92, c
            at += 2
        elif c < 32:
            out[at], out[at + 1], out[at + 2], out[at + 3] = 92, 117, 48, 48
            out[at + 4] = 48 + (c >> 4)
            out[at + 5] = 48 + (c & 15) if c & 15 < 10 else 87 + (c & 15)
            at += 6
        else:
            out[at] = c
            at += 1
    return at
