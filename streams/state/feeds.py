"""The feed's clock: a brand's time in one partition, so that a dead feed or a backlog makes no fan silent."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from schemas.layout import Floats, Ints, Rows
from streams.columns import Event, Verdict
from streams.compiled import compiled

Feed = NDArray[np.int32]

GRACE_MS = 900_000
GAPS = 20  # usual gaps that a feed may be quiet before its clock stops
MEMORY = 0.01  # share of the usual gap that one event replaces
PRESENT_MS = 60_000  # a late feed has caught up when its newest event is no older


@compiled
def see(feed: Feed, events: Rows, newest: Ints, gap: Floats, waited: Ints) -> int:
    """Move each brand's newest time, and its gap by the time that it moved over the events that it took."""
    latest = 0
    for i in range(len(events)):
        e: Event = events[i]
        latest = max(latest, e.at)
        if e.verdict == Verdict.REPLAYED:
            continue
        brand = feed[e.row]
        waited[brand] += 1
        ahead = e.at - newest[brand]
        if ahead <= 0:
            continue
        if newest[brand] > 0:
            keep = (1.0 - MEMORY) ** waited[brand]
            usual = ahead / waited[brand]
            gap[brand] = usual if gap[brand] == 0.0 else keep * gap[brand] + (1.0 - keep) * usual
        newest[brand], waited[brand] = e.at, 0
    return latest


class Feeds:
    """Per brand of a partition: the newest event's time, and the usual gap between events, in ms.

    Nothing here is recorded: after a takeover ``newest`` follows from the fans, and the gap is learned again.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.newest = np.zeros(0, np.int64)
        self.gap = np.zeros(0, np.float64)
        self.waited = np.zeros(0, np.int64)  # events since the newest
        self.is_late = np.zeros(0, np.bool_)

    def row(self, brand: str) -> int:
        """Return the brand's row; a brand never seen gets the next."""
        row = self.rows.setdefault(brand, len(self.rows))
        if row == len(self.newest):
            for column in (self.newest, self.gap, self.waited, self.is_late):
                column.resize(2 * row + 8, refcheck=False)
            self.is_late[row:] = True
        return row

    def see(self, feed: Feed, events: Rows) -> int:
        """Take in a block of events, whose fans' brands ``feed`` knows by row; return the newest time among them."""
        return see(feed, events, self.newest, self.gap, self.waited)

    def clock(self, now: int, behind: Mapping[int, int]) -> Ints:
        """Return each brand's time at a tick of ``now``.

        It is ``now`` while events come. A feed that was quiet for too long, or that we only begin to read, is late: its
        clock stands at its newest event, and moves with what comes until that is of the present, for a connector that
        catches up may still bring any later act.
        ``behind`` holds, for each input that lags, the newest event time read from it: 0 while none was.

        >>> feeds = Feeds()
        >>> feeds.newest[feeds.row("miot")] = 10_000_000
        >>> int(feeds.clock(99_000_000, {})[0]), int(feeds.clock(99_000_000, {1: 400})[0])
        (10000000, 400)
        """
        self.is_late = now - self.newest > np.where(self.is_late, PRESENT_MS, self._patience())
        clock: Ints = np.where(self.is_late, self.newest, now)
        return clock.clip(max=min(behind.values())) if behind else clock

    def is_stale(self, brand: str, now: float) -> bool:
        """Return whether a brand's feed has been quiet for longer than its clock goes on by itself."""
        row = self.rows.get(brand)
        return row is None or now > self.newest[row] + self._patience()[row]

    def _patience(self) -> Ints:
        patience: Ints = np.maximum(GRACE_MS, GAPS * self.gap).astype(np.int64)
        return patience
