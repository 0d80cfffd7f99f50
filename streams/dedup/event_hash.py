"""64-bit hashes of (key, kind, id), equal in every process and version: XXH64 of the id, seeded with that of the key.

XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md) as kernels over byte slices. Two murmur2 of
32 bits under two seeds collide together: 40 pairs in 1e6 sequential ids. XXH64 has none in 1e7.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.row import Bytes, Ints
from streams.compiled import compiled
from streams.wire.records import ByteSlices

Hashes: TypeAlias = NDArray[np.uint64]
Words32: TypeAlias = NDArray[np.uint32]

U64 = np.uint64
P1 = U64(0x9E3779B185EBCA87)
P2 = U64(0xC2B2AE3D27D4EB4F)
P3 = U64(0x165667B19E3779F9)
P4 = U64(0x85EBCA77C2B2AE63)
P5 = U64(0x27D4EB2F165667C5)
R1, R7, R11, R12, R18, R23, R27, R29, R31, R32, R33, WIDTH = map(U64, (1, 7, 11, 12, 18, 23, 27, 29, 31, 32, 33, 64))
LINE_END = 10
MIN_BYTES = 16  # shorter buffers are padded: numpy calls a view of one element aligned, for numba another type


class Readable(NamedTuple):
    """A buffer with the little-endian numbers that start at each of its bytes: ``words[i]`` is ``data[i : i + 8]``."""

    data: Bytes
    words32: Words32
    words: Hashes

    @classmethod
    def of(cls, data: Bytes) -> "Readable":
        """Return views of a buffer; no bytes are copied but for a tiny or strided one."""
        if len(data) < MIN_BYTES:
            data = np.concatenate([data, np.zeros(MIN_BYTES, np.uint8)])
        data = np.ascontiguousarray(data)
        words32: Words32 = np.ndarray((len(data) - 3,), "<u4", data, strides=(1,))
        words: Hashes = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
        views = cls(data.view(), words32, words)
        for view in views:
            view.flags.writeable = False  # as fetched bytes are: one type, so that kernels are compiled once
        return views


@compiled
def _rotate(x: np.uint64, left: np.uint64) -> np.uint64:
    return x << left | x >> (WIDTH - left)


@compiled
def _round(lane: np.uint64, word: np.uint64) -> np.uint64:
    return _rotate(lane + word * P2, R31) * P1


@compiled
def xxh64(buffer: Readable, start: int, stop: int, seed: np.uint64) -> np.uint64:
    """Return XXH64 of ``data[start:stop]``, which must lie in the buffer. Plain Python needs overflows ignored."""
    data, words32, words = buffer
    at = start
    if stop - start >= 32:
        a, b, c, d = seed + P1 + P2, seed + P2, seed, seed - P1
        while stop - at >= 32:
            a, b = _round(a, words[at]), _round(b, words[at + 8])
            c, d = _round(c, words[at + 16]), _round(d, words[at + 24])
            at += 32
        h = _rotate(a, R1) + _rotate(b, R7) + _rotate(c, R12) + _rotate(d, R18)
        for lane in (a, b, c, d):
            h = (h ^ _round(U64(0), lane)) * P1 + P4
    else:
        h = seed + P5
    h += U64(stop - start)
    while stop - at >= 8:
        h = _rotate(h ^ _round(U64(0), words[at]), R27) * P1 + P4
        at += 8
    if stop - at >= 4:
        h = _rotate(h ^ U64(words32[at]) * P1, R23) * P2 + P3
        at += 4
    while at < stop:
        h = _rotate(h ^ U64(data[at]) * P5, R11) * P1
        at += 1
    h = (h ^ h >> R33) * P2
    h = (h ^ h >> R29) * P3
    return h ^ h >> R32


@compiled
def _hash_slices(
    keys: Readable, key: tuple[Ints, Ints], kinds: Ints, ids: Readable, event_id: tuple[Ints, Ints], out: Hashes
) -> None:
    for i in range(len(out)):
        seed = xxh64(keys, key[0][i], key[1][i], U64(kinds[i]))
        out[i] = xxh64(ids, event_id[0][i], event_id[1][i], seed)


def hash_events(keys: ByteSlices, kinds: Ints, ids: ByteSlices) -> Hashes:
    """Return the hash of each event.

    Args:
        keys: the record keys, n byte slices.
        kinds: the declared number of each event's kind, int64[n] >= 0; it never changes its meaning.
        ids: the event ids, n byte slices of this or another buffer.

    Raises:
        ValueError: the three differ in length.
    """
    n = len(kinds)
    if not n == len(keys.start) == len(keys.stop) == len(ids.start) == len(ids.stop):
        raise ValueError(f"{len(keys.start)} keys, {n} kinds and {len(ids.start)} ids: one of each per event")
    out = np.empty(n, np.uint64)
    buffer = Readable.of(keys.data)
    other = buffer if ids.data is keys.data else Readable.of(ids.data)
    with np.errstate(over="ignore"):  # plain Python would warn where the kernel wraps around
        _hash_slices(buffer, (keys.start, keys.stop), kinds, other, (ids.start, ids.stop), out)
    return out


def slice_texts(texts: list[str]) -> ByteSlices:
    """Return texts as byte slices of one buffer (UTF-8), without a Python object per text unless one has a line feed.

    >>> slice_texts(["a", "", "ü"]).stop.tolist()
    [1, 2, 5]
    """
    data = np.frombuffer("\n".join([*texts, ""]).encode(), np.uint8)
    stops = np.flatnonzero(data == LINE_END)
    if len(stops) != len(texts):
        return ByteSlices.of([text.encode() for text in texts])
    starts = np.zeros(len(stops), np.int64)
    starts[1:] = stops[:-1] + 1
    return ByteSlices(data, starts, stops)
