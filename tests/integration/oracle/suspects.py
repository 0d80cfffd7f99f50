"""Who is suspect: an even rhythm of likes or of reposts, or the daily cap reached day after day; by whole lists."""

import math
from typing import Any

from tests.integration.oracle.formulas import DAILY_CAP, NEVER_CAPPED, day_of

GAPS_NEEDED, EVEN, HUMAN = 20, 0.35, 0.5


class Rhythm:
    """The gaps between the acts of one topic; an act that is not newer than the newest gives none."""

    def __init__(self) -> None:
        self.gaps: list[int] = []
        self.newest: int | None = None
        self.is_suspect = False

    def observe(self, at: int) -> None:
        """Take one act of the topic, and judge."""
        if self.newest is None or at > self.newest:
            if self.newest is not None:
                self.gaps.append(at - self.newest)
            self.newest = at
        if len(self.gaps) >= GAPS_NEEDED:
            if self.variation() < EVEN:
                self.is_suspect = True
            elif self.variation() > HUMAN:
                self.is_suspect = False

    def variation(self) -> float:
        """Return sd / mean of all gaps so far."""
        mean = sum(self.gaps) / len(self.gaps)
        return math.sqrt(sum((gap - mean) ** 2 for gap in self.gaps) / len(self.gaps)) / mean


class Caps:
    """The daily cap: a cell per type with its newest day and that day's acts, and the days on which a cell was full."""

    def __init__(self) -> None:
        self.cell: dict[str, tuple[int, int]] = {}
        self.hit_days: set[int] = set()
        self.newest_active = -1
        self.is_suspect = False

    def weighs(self, event: dict[str, Any]) -> bool:
        """Take one act, say whether it weighs anything, and judge."""
        day, kind = day_of(event["event_time"]), event["type"]
        self.newest_active = max(self.newest_active, day)
        is_within = True
        if kind not in NEVER_CAPPED:
            newest, seen = self.cell.get(kind, (day, 0))
            if day > newest:
                newest, seen = day, 0
            if day == newest:
                self.cell[kind] = (day, seen + 1)
                is_within = seen < DAILY_CAP
                if seen + 1 == DAILY_CAP:
                    self.hit_days.add(day)
        self._judge()
        return is_within

    def _judge(self) -> None:
        """Raise at 5 hit days of the 7 up to the newest active day, release when its last 3 are clean."""
        back = [self.newest_active - day for day in self.hit_days]
        if sum(days < 7 for days in back) >= 5:
            self.is_suspect = True
        elif not any(days < 3 for days in back):
            self.is_suspect = False
