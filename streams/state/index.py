"""From key to row without Python objects: open addressing over murmur2, keys end to end in one buffer."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.layout import Bytes, Ints
from streams.compiled import compiled
from streams.hashes import KAFKA_SEED, MASK, M, murmur2
from streams.records.spans import COLON, Texts
from streams.state.growing import grow, growing

Slots = NDArray[np.int32]
Ends = NDArray[np.int32]  # in the text: at most 2 GB of keys in a partition
Keys = tuple[Bytes, Ends]
Home = tuple[int, int]  # partition, partitions; (0, 0): any key is at home


@compiled
def find_or_add(keys: Texts, slots: Slots, ends: Ends, text: Bytes, rows: Ints, home: Home) -> int:
    """Write each key's row, -1 for a key of another partition; keys never seen are added. Return the new number.

    ``rows[-1]`` holds the number there was; ``slots`` holds row + 1, 0 is free; key ``r`` is
    ``text[ends[r] : ends[r + 1]]``.
    """
    n, mask, data = int(rows[-1]), len(slots) - 1, keys.data
    for i in range(len(keys.start)):
        start, stop = keys.start[i], keys.stop[i]
        h = murmur2(data, start, stop, KAFKA_SEED)
        if home[1] and (h & 0x7FFFFFFF) % home[1] != home[0]:
            rows[i] = -1
            continue
        j = spot(h) & mask
        while slots[j] and not is_key(data, start, stop, text, ends[slots[j] - 1], ends[slots[j]]):
            j = (j + 1) & mask
        if not slots[j]:
            text[ends[n] : ends[n] + stop - start] = data[start:stop]
            ends[n + 1] = ends[n] + stop - start
            n += 1
            slots[j] = n
        rows[i] = slots[j] - 1
    return n


@compiled
def spot(h: int) -> int:
    """Return a hash whose low bits are free of the partition: all keys here share ``h`` modulo the partitions."""
    h = (h * M) & MASK  # fits a signed 64-bit integer
    return h ^ h >> 16


@compiled
def is_key(data: Bytes, start: int, stop: int, text: Bytes, begin: int, end: int) -> bool:
    """Return whether two stretches of bytes are equal."""
    if end - begin != stop - start:
        return False
    for k in range(end - begin):  # noqa: SIM110  numba has no generators
        if text[begin + k] != data[start + k]:
            return False
    return True


@compiled
def spread(slots: Slots, ends: Ends, text: Bytes, size: int) -> None:
    """Fill empty slots with the first ``size`` rows."""
    mask = len(slots) - 1
    for row in range(size):
        j = spot(murmur2(text, ends[row], ends[row + 1], KAFKA_SEED)) & mask
        while slots[j]:
            j = (j + 1) & mask
        slots[j] = row + 1


@compiled
def halves(keys: Keys, row: int) -> tuple[int, int, int]:
    """Return where the key of a row starts, where its colon stands, and where it stops."""
    text, ends = keys
    colon = ends[row]
    while text[colon] != COLON:
        colon += 1
    return ends[row], colon, ends[row + 1]


def brand_of(key: bytes) -> str:
    """Return the brand of a record key.

    >>> brand_of(b"miot:weibo:123")
    'miot'
    """
    return key.partition(b":")[0].decode()


@compiled
def is_of_brand(keys: Texts, i: int, j: int) -> bool:
    """Return whether two keys are equal up to their colon; never so where there is none."""
    data, a, b = keys.data, keys.start[i], keys.start[j]
    while a < keys.stop[i] and b < keys.stop[j] and data[a] == data[b]:
        if data[a] == COLON:
            return True
        a, b = a + 1, b + 1
    return False


@compiled
def find_brands(keys: Texts, places: Ints, begins: NDArray[np.bool_]) -> None:
    """Mark each place whose key is of another brand than the one before."""
    for i in range(len(places)):
        begins[i] = i == 0 or not is_of_brand(keys, places[i], places[i - 1])


class Index:
    """About 40 bytes a fan where a dict, its keys and its numbers take 140 to 190."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.size = 0
        self.slots = np.zeros(1 << 10, np.int32)
        self.ends: Ends = growing(np.int32)
        self.text: Bytes = growing(np.uint8)
        grow(self.ends, 1)

    def __len__(self) -> int:
        return self.size

    def find(self, keys: Texts) -> Ints:
        """Return the row of each key, -1 for a key of another partition; a key never seen gets the next number."""
        n = len(keys.start)
        self._make_room(n, int((keys.stop - keys.start).sum()))
        rows = np.empty(n + 1, np.int64)
        rows[-1] = self.size
        self.size = find_or_add(keys, self.slots, self.ends, self.text, rows, self.home)
        return rows[:-1]

    def texts(self, rows: Ints) -> Texts:
        """Return the key of each row; growing makes it stale."""
        return Texts(self.text, self.ends[rows].astype(np.int64), self.ends[rows + 1].astype(np.int64))

    def keys(self, rows: Ints) -> Iterator[bytes]:
        """Yield the key of each row."""
        text, ends = self.text.data, self.ends
        return (bytes(text[a:b]) for a, b in zip(ends[rows].tolist(), ends[rows + 1].tolist(), strict=True))

    def _make_room(self, keys: int, size: int) -> None:
        stop = int(self.ends[self.size]) + size
        if stop > np.iinfo(np.int32).max:
            raise OverflowError("a partition's keys take more than 2 GB; it needs more partitions")
        grow(self.ends, self.size + keys + 1)
        grow(self.text, stop)
        if 3 * (self.size + keys) > 2 * len(self.slots):
            self.slots = np.zeros(1 << int(2 * (self.size + keys)).bit_length(), np.int32)
            spread(self.slots, self.ends, self.text, self.size)
