"""From key to row without Python objects: open addressing over murmur2, keys end to end in one buffer."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.row import Bytes, Ints
from streams.compiled import compiled
from streams.fans.growing import grow, growing
from streams.wire.hashes import HASH_M, HASH_MASK, KAFKA_SEED, murmur2
from streams.wire.records import COLON_BYTE, ByteSlices

Slots = NDArray[np.int32]
Ends = NDArray[np.int32]  # in the text: at most 2 GB of keys in a partition
Keys = tuple[Bytes, Ends]
OwnedPartition = tuple[int, int]  # partition, partitions; (0, 0): any key belongs here

MIN_MOVED = 4_096  # slots that one call moves to the larger table, at least
NO_SLOTS = np.zeros(0, np.int32)


@compiled
def find_or_add(
    keys: ByteSlices, tables: tuple[Slots, Slots], ends: Ends, text: Bytes, rows: Ints, size: int, owned: OwnedPartition
) -> int:
    """Write each key's row to ``rows``, -1 for a key of another partition; new keys are added. Return the new size.

    Slots hold row + 1, 0 is free; key ``r`` is ``text[ends[r] : ends[r + 1]]``. ``tables`` are the table that grows
    and, while keys move from it, the one before.
    """
    slots, old = tables
    mask, old_mask, data = len(slots) - 1, len(old) - 1, keys.data
    for i in range(len(keys.start)):
        start, stop = keys.start[i], keys.stop[i]
        h = murmur2(data, start, stop, KAFKA_SEED)
        if owned[1] and (h & 0x7FFFFFFF) % owned[1] != owned[0]:
            rows[i] = -1
            continue
        h = mix(h)
        j = h & mask
        while slots[j] and not is_key(data, start, stop, text, ends[slots[j] - 1], ends[slots[j]]):
            j = (j + 1) & mask
        if not slots[j] and old_mask >= 0:
            k = h & old_mask
            while old[k] and not is_key(data, start, stop, text, ends[old[k] - 1], ends[old[k]]):
                k = (k + 1) & old_mask
            if old[k]:
                rows[i] = old[k] - 1
                continue
        if not slots[j]:
            text[ends[size] : ends[size] + stop - start] = data[start:stop]
            ends[size + 1] = ends[size] + stop - start
            size += 1
            slots[j] = size
        rows[i] = slots[j] - 1
    return size


@compiled
def mix(h: int) -> int:
    """Return a hash whose low bits are free of the partition: all keys here share ``h`` modulo the partitions."""
    h = (h * HASH_M) & HASH_MASK  # fits a signed 64-bit integer
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
def rehash(slots: Slots, ends: Ends, text: Bytes, old: Slots, start: int, stop: int) -> None:
    """Add the rows that stand in ``old[start:stop]`` to the larger table; the old one stays as it is."""
    mask = len(slots) - 1
    for k in range(start, stop):
        if old[k]:
            row = old[k] - 1
            j = mix(murmur2(text, int(ends[row]), int(ends[row + 1]), KAFKA_SEED)) & mask
            while slots[j]:
                j = (j + 1) & mask
            slots[j] = row + 1


@compiled
def split_key(keys: Keys, row: int) -> tuple[int, int, int]:
    """Return where the key of a row starts, where its colon stands, and where it stops."""
    text, ends = keys
    colon = ends[row]
    while colon < ends[row + 1] - 1 and text[colon] != COLON_BYTE:
        colon += 1
    return ends[row], colon, ends[row + 1]


def brand_of(key: bytes) -> str:
    """Return the brand of a record key.

    >>> brand_of(b"miot:weibo:123")
    'miot'
    """
    return key.partition(b":")[0].decode()


@compiled
def is_of_brand(keys: ByteSlices, i: int, j: int) -> bool:
    """Return whether two keys are equal up to their colon; false where there is none."""
    data, a, b = keys.data, keys.start[i], keys.start[j]
    while a < keys.stop[i] and b < keys.stop[j] and data[a] == data[b]:
        if data[a] == COLON_BYTE:
            return True
        a, b = a + 1, b + 1
    return False


@compiled
def find_brands(keys: ByteSlices, places: Ints, begins: NDArray[np.bool_]) -> None:
    """Mark each place whose key is of another brand than the one before."""
    for i in range(len(places)):
        begins[i] = i == 0 or not is_of_brand(keys, places[i], places[i - 1])


class Index:
    """Rows by key: about 40 bytes a fan where a dict, its keys and its numbers take 140 to 190.

    The table doubles step by step: moving all keys at once held a batch up for 116 ms at 1,000,000 fans.
    """

    def __init__(self, owned: OwnedPartition) -> None:
        self.owned = owned
        self.size = 0
        self.slots = np.zeros(1 << 10, np.int32)
        self.ends: Ends = growing(np.int32)
        self.text: Bytes = growing(np.uint8)
        self._old, self._moved = NO_SLOTS, 0
        grow(self.ends, 1)

    def __len__(self) -> int:
        return self.size

    def find(self, keys: ByteSlices) -> Ints:
        """Return the row of each key, int64[n], -1 for a key of another partition; a new key gets the next row.

        Raises:
            OverflowError: the partition's keys take more than 2 GB.
        """
        n = len(keys.start)
        self._reserve(n, int((keys.stop - keys.start).sum()))
        rows = np.empty(n, np.int64)
        tables = (self.slots, self._old)
        self.size = find_or_add(keys, tables, self.ends, self.text, rows, self.size, self.owned)
        return rows

    def texts(self, rows: Ints) -> ByteSlices:
        """Return the key of each row; growing makes it stale."""
        return ByteSlices(self.text, self.ends[rows].astype(np.int64), self.ends[rows + 1].astype(np.int64))

    def keys(self, rows: Ints) -> Iterator[bytes]:
        """Yield the key of each row."""
        text, ends = self.text.data, self.ends
        return (bytes(text[a:b]) for a, b in zip(ends[rows].tolist(), ends[rows + 1].tolist(), strict=True))

    def _reserve(self, keys: int, size: int) -> None:
        stop = int(self.ends[self.size]) + size
        if stop > np.iinfo(np.int32).max:
            raise OverflowError("a partition's keys take more than 2 GB; it needs more partitions")
        grow(self.ends, self.size + keys + 1)
        grow(self.text, stop)
        if len(self._old):
            self._move(max(4 * keys, MIN_MOVED))
        if 3 * (self.size + keys) > 2 * len(self.slots):
            self._move(len(self._old))  # two steps at once: a batch as large as the table
            self._old, self._moved = self.slots, 0
            self.slots = np.zeros(
                1 << int(2 * (self.size + keys)).bit_length(), np.int32
            )  # pages come as they are used
            self._move(MIN_MOVED)

    def _move(self, slots: int) -> None:
        stop = min(self._moved + slots, len(self._old))
        rehash(self.slots, self.ends, self.text, self._old, self._moved, stop)
        self._moved = stop
        if stop == len(self._old):
            self._old, self._moved = NO_SLOTS, 0
