"""The feed's clock: a brand's time in one partition, so that a dead feed or a backlog makes no fan silent."""

from collections.abc import Mapping

import numpy as np

from schemas.layout import Ints

GRACE_MS = 900_000
GAPS = 20  # usual gaps that a feed may be quiet before its clock stops
MEMORY = 0.01  # share of the usual gap that one event replaces
PRESENT_MS = 60_000  # a late feed has caught up when its newest event is no older


class Feeds:
    """Per brand of a partition: the newest event's time, and the usual gap between events, in ms.

    Nothing here is recorded: after a takeover ``newest`` follows from the fans, and the gap is learned again.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.newest = np.zeros(0, np.int64)
        self.gap = np.zeros(0, np.float64)
        self.is_late = np.zeros(0, np.bool_)

    def row(self, brand: str) -> int:
        """Return the brand's row; a brand never seen gets the next."""
        row = self.rows.setdefault(brand, len(self.rows))
        if row == len(self.newest):
            size = 2 * row + 8
            self.newest = np.resize(self.newest, size) if row else np.zeros(size, np.int64)
            self.gap = np.resize(self.gap, size) if row else np.zeros(size, np.float64)
            self.is_late = np.resize(self.is_late, size) if row else np.ones(size, np.bool_)
            self.newest[row:], self.gap[row:], self.is_late[row:] = 0, 0.0, True
        return row

    def see(self, rows: Ints, at: Ints) -> None:
        """Take in a block of events: the brand's row and the event time of each."""
        for row in np.unique(rows):
            here = at[rows == row]
            ahead = int(here.max()) - int(self.newest[row])
            if ahead <= 0:
                continue
            if self.newest[row] > 0:
                keep = (1.0 - MEMORY) ** len(here)
                usual = ahead / len(here)
                self.gap[row] = usual if self.gap[row] == 0.0 else keep * self.gap[row] + (1.0 - keep) * usual
            self.newest[row] += ahead

    def clock(self, now: int, behind: Mapping[int, int]) -> Ints:
        """Return each brand's time at a tick of ``now``.

        It is ``now`` while events come. A feed that was quiet for too long, or that we only begin to read, is late: its
        clock stands at its newest event, and moves with what comes until that is of the present, for a connector that
        catches up may still bring any later act.
        ``behind`` holds, for each input that lags, the newest event time read from it: 0 while none was.

        >>> feeds = Feeds()
        >>> feeds.see(np.full(1, feeds.row("miot")), np.full(1, 10_000_000))
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
