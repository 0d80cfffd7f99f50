"""The newest event hashes of one input, in two generations.

New hashes go into the current generation; when it holds half of the window's size, the next new hash makes it the
previous one, and what was the previous one is dropped. So a full window of ``ids`` knows between ids/2 and ids of the
newest hashes, and a repeat is recognised for certain while at most ids/2 new ones came between: that half is *sure*.

Memory: 7/4 slots of 8 bytes for each hash, so 14 bytes: 12 partitions of 4 inputs of 100,000 take 67.2 MB when full. A
generation begins with room for 64 hashes and doubles.
"""

from typing import NamedTuple

import numpy as np

from schemas.row import Ints
from streams.dedup.event_hash import Hashes
from streams.dedup.hash_set import Flags, add_new, copy_all, discard, find_slot, slots_for

MIN_CAPACITY = 64
OPTIONAL_SHARE = 4  # an optional input gets a fourth
EMPTY_TABLE: Ints = np.zeros(1, np.int64)


class LogPosition(NamedTuple):
    """A place in the log of a partition's windows.

    ``seq`` numbers the records of the partition, ``offset`` is at most the record's own, ``at_ms`` is when it was
    made, ``ids`` counts the ids in all records before it.
    """

    seq: int
    offset: int
    at_ms: int
    ids: int


NOT_LOGGED = LogPosition(-1, -1, -1, -1)


class Generation:
    """A set of hashes that grows, and those of them that are not in the log yet."""

    def __init__(self) -> None:
        self.capacity = MIN_CAPACITY
        self.table: Ints = np.zeros(slots_for(MIN_CAPACITY), np.int64)
        self.count = 0
        self.begin_ms = 0  # 0: nothing was seen before it
        self.logged_from = NOT_LOGGED
        self.pending: list[Ints] = []

    def clear(self, begin_ms: int) -> None:
        """Begin again without hashes. The memory is kept: the next ones fill it soon."""
        self.table.fill(0)
        self.count, self.begin_ms, self.logged_from, self.pending = 0, begin_ms, NOT_LOGGED, []

    def reserve(self, capacity: int) -> None:
        """Move to a table for more hashes."""
        table = np.zeros(slots_for(capacity), np.int64)
        copy_all(self.table, table)
        self.capacity, self.table = capacity, table

    def add(self, hashes: Ints, other: Ints, start: int, limit: int, repeats: Flags) -> int:
        """Add the new ones of ``hashes[start:]`` up to a count of ``limit``; return where it stopped."""
        fresh = np.empty(len(hashes) - start, np.int64)
        capacity_left = min(limit, self.capacity) - self.count
        start, added, _ = add_new(self.table, other, hashes, start, capacity_left, (repeats, fresh))
        if added:
            self.count += added
            self.pending.append(fresh[:added])
        return start

    def restore(self, hashes: Ints, usual: int) -> None:
        """Add hashes that the log holds to a generation without pending ones; a full one has ``usual`` of them."""
        needed = self.count + len(hashes)
        if needed > self.capacity:
            self.reserve(max(needed, min(2 * self.capacity, usual)))
        self.add(hashes, EMPTY_TABLE, 0, needed, np.empty(len(hashes), np.bool_))
        self.pending = []  # the log holds them

    def discard(self, hashes: list[int]) -> list[int]:
        """Take hashes out; return those of them that the log holds."""
        found = [h for h in hashes if discard(self.table, h)]
        if not found:
            return found
        self.count -= len(found)
        pending = self.pending_hashes()
        is_found = np.isin(pending, found)
        self.pending = [pending[~is_found]]
        unlogged = set(pending[is_found].tolist())
        return [h for h in found if h not in unlogged]

    def holds(self, h: int) -> bool:
        """Return whether the set has a hash."""
        return bool(self.table[find_slot(self.table, h)] == h)

    def pending_hashes(self) -> Ints:
        """Return the hashes that are not in the log yet, in order."""
        return np.concatenate([EMPTY_TABLE[:0], *self.pending])


class DedupWindow:
    """The newest hashes of one input of one partition.

    Args:
        ids: how many, >= 2.
        is_optional: an optional input gets a fourth of them.
    """

    def __init__(self, ids: int, is_optional: bool) -> None:
        size = ids // OPTIONAL_SHARE if is_optional else ids
        if size < 2:
            raise ValueError(f"a dedup window of {size} ids is too small: it has two generations")
        self.half = (size + 1) // 2
        self.number = 1  # of the current generation
        self.current, self.previous = Generation(), Generation()
        self.forgotten: list[int] = []  # the log holds them still
        self.has_forgotten = False  # since the newest record

    def __len__(self) -> int:
        return self.current.count + self.previous.count

    def observe(self, hashes: Hashes, at_ms: int) -> Flags:
        """Return which events are repeats, also of one in the same call, and remember the others, in order.

        Args:
            hashes: uint64[n]; 0 counts as 1.
            at_ms: the time of the call; a generation that begins in it begins then.
        """
        signed = hashes.view(np.int64)
        repeats = np.empty(len(signed), np.bool_)
        at = self.current.add(signed, self.previous.table, 0, self.half, repeats)
        while at < len(signed):
            if self.current.count >= self.half:
                self.rotate(at_ms)
            else:
                self.current.reserve(min(2 * self.current.capacity, self.half))
            at = self.current.add(signed, self.previous.table, at, self.half, repeats)
        return repeats

    def knows(self, hashes: Hashes) -> Flags:
        """Return which events the window has seen, bool[n]; nothing is remembered."""
        signed = hashes.view(np.int64)
        return np.array([any(g.holds(h or 1) for g in self.generations()) for h in signed.tolist()], np.bool_)

    def forget(self, hashes: Hashes) -> None:
        """Take the ids of refused events out again; unknown ones change nothing."""
        signed = [h or 1 for h in hashes.view(np.int64).tolist()]
        before = len(self)
        self.forgotten += self.current.discard(signed) + self.previous.discard(signed)
        self.has_forgotten |= len(self) < before

    def sure_since_ms(self) -> int:
        """Return since when every id is known, by the times given to ``observe``; 0 while none was dropped."""
        return self.previous.begin_ms

    def generations(self) -> tuple[Generation, Generation]:
        """Return the previous and the current generation."""
        return self.previous, self.current

    def logged_from(self) -> LogPosition:
        """Return the oldest record with hashes of the window, NOT_LOGGED where the log has none."""
        logged = [generation.logged_from for generation in self.generations()]
        return min((position for position in logged if position != NOT_LOGGED), default=NOT_LOGGED)

    def pending_count(self) -> int:
        """Return how many hashes are not in the log yet."""
        return sum(len(part) for generation in self.generations() for part in generation.pending)

    def rotate(self, at_ms: int) -> None:
        """Drop the previous generation; the current one takes its place."""
        self.current, self.previous = self.previous, self.current
        self.current.clear(at_ms)
        self.number += 1
