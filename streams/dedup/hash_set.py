"""Sets of 64-bit hashes in one array each: open addressing, linear probing, no Python objects.

``table`` is int64[slots] with 0 for a free slot, of which there is always one. A hash's slot ascends with the hash, so
that growing reads and writes memory in order.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.row import Ints
from streams.compiled import compiled

Flags: TypeAlias = NDArray[np.bool_]
Added: TypeAlias = tuple[Flags, Ints]  # bool[n]: which are repeats; int64[n - start]: the new ones, in order

LOW = 0xFFFFFFFF
STRETCH = 128  # hashes


def slots_for(capacity: int) -> int:
    """Return how many slots hold that many hashes at a load of 4/7, with one free."""
    return capacity * 7 // 4 + 1


@compiled
def slot_of(h: int, slots: int) -> int:
    """Return where the search for a hash begins: its upper 32 bits, scaled to ``slots`` < 2**31."""
    return ((h >> 32) & LOW) * slots >> 32


@compiled
def find_slot(table: Ints, h: int) -> int:
    """Return the slot that holds a hash, or the free one where it belongs; a table always has a free slot."""
    slots = len(table)
    j = slot_of(h, slots)
    while table[j] not in (0, h):
        j = j + 1 if j + 1 < slots else 0
    return j


@compiled
def add_new(table: Ints, other: Ints, hashes: Ints, start: int, capacity_left: int, out: Added) -> tuple[int, int, int]:
    """Add the hashes from ``start`` on that neither table holds, at most ``capacity_left``; mark the rest as repeats.

    ``capacity_left`` must leave a slot free. A hash of 0 counts as 1: 0 is a free slot. The slots of a stretch of
    hashes are read at once before they are searched, because such reads wait for memory together: with 48 windows,
    which no cache holds, an id takes 40-60 ns instead of 70-100.

    Returns:
        where it stopped (before the first new hash without room), how many were added, and what the reads found,
        without which the compiler would leave them out.
    """
    repeats, fresh = out
    n, added, ahead, seen = len(hashes), 0, start, 0
    for i in range(start, n):
        if i == ahead:
            ahead = min(n, i + STRETCH)
            for k in range(i, ahead):
                seen ^= other[slot_of(hashes[k], len(other))] ^ table[slot_of(hashes[k], len(table))]
        h = hashes[i]
        if h == 0:
            h = np.int64(1)
        repeats[i] = True
        if other[find_slot(other, h)] == h:
            continue
        j = find_slot(table, h)
        if table[j] == h:
            continue
        if added >= capacity_left:
            return i, added, seen
        repeats[i] = False
        table[j] = h
        fresh[added] = h
        added += 1
    return n, added, seen


@compiled
def copy_all(old: Ints, table: Ints) -> None:
    """Add the hashes of one table to another, which has more slots and none of them."""
    for h in old:
        if h != 0:
            table[find_slot(table, h)] = h


@compiled
def discard(table: Ints, h: int) -> bool:
    """Take a hash out; return whether it was there. Hashes behind it move up, so that searches still find them."""
    slots = len(table)
    gap = find_slot(table, h)
    if table[gap] == 0:
        return False
    j = gap
    for _ in range(slots):
        j = j + 1 if j + 1 < slots else 0
        if table[j] == 0:
            break
        begin = slot_of(table[j], slots)
        # The search for table[j] passes the gap unless it begins after it; positions are cyclic.
        if (j - begin) % slots >= (j - gap) % slots:
            table[gap] = table[j]
            gap = j
    table[gap] = 0
    return True
