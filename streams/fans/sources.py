"""The watermark of silence: a brand's clock stands while its events stay away, so that a dead source churns nobody."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from schemas.row import Floats, Ints, Rows
from streams.compiled import compiled
from streams.rules.rule import Event

GRACE_MS = 900_000
GAPS = 20  # usual gaps that a source may be quiet before its clock stands
MEMORY = 0.01  # share of the usual gap that one event replaces
PRESENT_MS = 60_000  # an idle source has caught up when its newest event is no older


@compiled
def observe(source: NDArray[np.int32], events: Rows, newest: Ints, gap: Floats, waited: Ints) -> None:
    """Move each source's newest time, and its gap by the time that it moved over the events that it took."""
    for i in range(len(events)):
        e: Event = events[i]
        brand = source[e.row]
        waited[brand] += 1
        ahead = e.at - newest[brand]
        if ahead <= 0:
            continue
        if newest[brand] > 0:
            keep = (1.0 - MEMORY) ** waited[brand]
            usual = ahead / waited[brand]
            gap[brand] = usual if gap[brand] == 0.0 else keep * gap[brand] + (1.0 - keep) * usual
        newest[brand], waited[brand] = e.at, 0


class Sources:
    """Per brand of a partition: the newest event's time, and the usual gap between events, in ms.

    Nothing here is recorded: after a restore ``newest`` follows from the fans, and the gap is estimated again.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.newest = np.zeros(0, np.int64)
        self.gap = np.zeros(0, np.float64)
        self.waited = np.zeros(0, np.int64)  # events since the newest
        self.is_idle = np.zeros(0, np.bool_)

    def row(self, brand: str) -> int:
        """Return the brand's row; a new brand gets the next."""
        row = self.rows.setdefault(brand, len(self.rows))
        if row == len(self.newest):
            for column in (self.newest, self.gap, self.waited, self.is_idle):
                column.resize(2 * row + 8, refcheck=False)
            self.is_idle[row:] = True
        return row

    def observe(self, source: NDArray[np.int32], events: Rows) -> None:
        """Take in a batch, whose fans' brands ``source`` knows by row."""
        observe(source, events, self.newest, self.gap, self.waited)

    def clock(self, now: int, lag: Mapping[int, int]) -> Ints:
        """Return each brand's watermark at ``now``, int64 ms per source.

        It is ``now`` while events come. A source that was quiet for too long, or that we only begin to read, is idle:
        its clock stands at its newest event, and moves with what comes until that is of the present, because a
        connector that catches up may still bring any later act.
        ``lag`` holds, for each input that lags, the newest event time read from it: 0 while none was.

        >>> sources = Sources()
        >>> sources.newest[sources.row("miot")] = 10_000_000
        >>> int(sources.clock(99_000_000, {})[0]), int(sources.clock(99_000_000, {1: 400})[0])
        (10000000, 400)
        """
        self.is_idle = now - self.newest > np.where(self.is_idle, PRESENT_MS, self._allowed_silence())
        clock: Ints = np.where(self.is_idle, self.newest, now)
        return clock.clip(max=min(lag.values())) if lag else clock

    def is_stale(self, brand: str, now: float) -> bool:
        """Return whether a brand's source has been quiet for longer than its clock moves by itself."""
        row = self.rows.get(brand)
        return row is None or now > self.newest[row] + self._allowed_silence()[row]

    def _allowed_silence(self) -> Ints:
        allowed: Ints = np.maximum(GRACE_MS, GAPS * self.gap).astype(np.int64)
        return allowed
