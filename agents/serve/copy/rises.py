"""Whose score rose most lately: points gained since a moment, in two windows that overlap.

A window begins every ``STEP_MS`` and is open for two of them. Read is the older one that is open: what it says was
gained within the last ten to twenty minutes, and it never begins empty.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from agents.serve.copy.batch import Fan, Score
from agents.serve.copy.keys import Keys
from agents.serve.copy.projection import Command
from schemas.serving import Stored

STEP_MS = 600_000
LEAST = 0.1  # points: less is no rise
KEPT = 2000  # fans of a window; whoever gains most stays

Window = tuple[str, int]  # brand, moment of its beginning in ms


def begins(now: int) -> tuple[int, int]:
    """Return the beginnings of the two windows that are open; the first is the one that is read.

    >>> begins(1_500_000)
    (600000, 1200000)
    """
    young = now // STEP_MS * STEP_MS
    return young - STEP_MS, young


def windows(fans: Iterable[Fan], now: int) -> dict[Window, list[str]]:
    """Return the open windows of some fans' brands, each with those fans."""
    found: defaultdict[Window, list[str]] = defaultdict(list)
    for brand, fan in fans:
        for begin in begins(now):
            found[brand, begin].append(fan)
    return dict(found)


def rises(
    keys: Keys,
    batch: Mapping[Fan, Score],
    stored: Mapping[Fan, Stored],
    earlier: Mapping[Window, Mapping[str, float]],
    now: int,
) -> list[Command]:
    """Return the commands that bring the windows up to date.

    Args:
        keys: names in Redis.
        batch: the newest that was read of each fan.
        stored: what the copy held before.
        earlier: points gained so far, of the fans that the windows hold.
        now: ms since the epoch.
    """
    commands: list[Command] = []
    for (brand, begin), fans in windows(batch, now).items():
        key, had = keys.risers(brand, begin), earlier.get((brand, begin), {})
        up: list[float | str] = []
        gone: list[str] = []
        for fan in fans:
            rise = gained(batch[brand, fan], stored.get((brand, fan)), had.get(fan), begin)
            if rise is not None and rise >= LEAST:
                up += [rise, fan]
            elif fan in had:
                gone.append(fan)
        if up:
            life = begin + 2 * STEP_MS - now
            commands += [("ZADD", key, *up), ("ZREMRANGEBYRANK", key, 0, -KEPT - 1), ("PEXPIRE", key, life)]
        if gone:
            commands.append(("ZREM", key, *gone))
    return commands


def gained(new: Score, stored: Stored | None, earlier: float | None, begin: int) -> float | None:
    """Return a fan's points gained since a window's beginning; None when nobody can tell.

    What happened before it does not count, however late it is read: a history that is loaded makes no risers. Nor does
    a fan whose earlier score is not known, unless he began within the window.
    """
    if new.record is None or new.erased:
        return None
    if stored is not None and new.record.seq <= stored.seq:
        return earlier
    if new.record.as_of < begin:
        return earlier
    if stored is None:
        return new.record.score if new.record.first_seen >= begin else None
    return round((earlier or 0.0) + new.record.score - stored.score, 2)
