"""The rows of a partition's fans, and next to each what this process derives from it: only ``rows`` is recorded."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.row import Floats, Ints, Rows
from streams.compiled import compiled, inlined


class Dirty(IntEnum):
    """Bits that say what is yet to be done with a row; a row with a bit stands in the queue of the same number."""

    CHANGELOG = 1  # write the row
    PUBLISH = 2  # readers get it with the next flush
    PUBLISH_LATER = 4  # readers get it within the publish delay, if they have not got it by then


Queue = NDArray[np.int32]


class Columns(NamedTuple):
    """Columns of one partition, a cell per fan; queues hold rows, at most each row once.

    ``queued`` is int64[3]: the length of each queue. ``class_counts`` is int64[brands, classes], ``score_sums``
    float64[brands]: gauges that the fold keeps, so that nobody has to count all rows.
    """

    rows: Rows
    due: Ints  # ms: when time alone may change the row
    source: NDArray[np.int32]  # the brand's row in this partition's sources
    code: NDArray[np.int16]  # the brand's row in the parameters
    dirty: NDArray[np.uint8]
    is_staff: NDArray[np.bool_]
    to_changelog: Queue
    to_publish: Queue
    to_publish_later: Queue
    queued: Ints
    class_counts: Ints
    score_sums: Floats


@inlined
def mark(t: Columns, row: int, bits: int) -> None:
    """Add a row to the queues that it is not in yet; each queue has room for every row."""
    new = bits & ~t.dirty[row]
    if not new:
        return
    t.dirty[row] |= new
    if new & Dirty.CHANGELOG:
        t.to_changelog[t.queued[0]] = row
        t.queued[0] += 1
    if new & Dirty.PUBLISH:
        t.to_publish[t.queued[1]] = row
        t.queued[1] += 1
    if new & Dirty.PUBLISH_LATER:
        t.to_publish_later[t.queued[2]] = row
        t.queued[2] += 1


@compiled
def unmark(t: Columns, picked: Ints, bit: int) -> None:
    """Clear a bit of the rows that were taken out of its queue."""
    for row in picked:
        t.dirty[row] &= 0xFF ^ bit


@compiled
def find_due(t: Columns, size: int, clock: Ints, start: int, picked: Ints) -> tuple[int, int]:
    """Write rows whose timers are due by their source's clock to ``picked``, until it is full.

    The search goes once over the first ``size`` rows, from ``start`` on; ``clock`` is int64 ms per source. Return how
    many were found, and the row at which the next search begins.
    """
    n, row = 0, start
    for _ in range(size):
        if row >= size:
            row = 0
        if n == len(picked):
            return n, row
        if t.due[row] <= clock[t.source[row]]:
            picked[n] = row
            n += 1
        row += 1
    return n, start
