"""Top gainers: whose score rose most lately, as points gained since the beginning of an open window."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from agents.serve.keys import GAIN_STEP_MS, MAX_GAINERS, StoreKeys, open_windows
from agents.serve.read_model import RedisCommand
from agents.serve.records import FanKey, ScoreUpdate
from schemas.serving import StoredScore

MIN_GAIN = 0.1  # points

GainWindow: TypeAlias = tuple[str, int]  # brand, when it began in epoch ms


def windows_of(fans: Iterable[FanKey], now: int) -> dict[GainWindow, list[str]]:
    """Return the open windows of the fans' brands, each with the ids of those fans."""
    windows: defaultdict[GainWindow, list[str]] = defaultdict(list)
    for brand, fan in fans:
        for begin in open_windows(now):
            windows[brand, begin].append(fan)
    return dict(windows)


def gain_commands(
    keys: StoreKeys,
    batch: Mapping[FanKey, ScoreUpdate],
    stored: Mapping[FanKey, StoredScore],
    stored_gains: Mapping[GainWindow, Mapping[str, float]],
    now: int,
) -> list[RedisCommand]:
    """Return the commands that bring the open windows up to date.

    Args:
        keys: names in Redis.
        batch: the newest state of each fan that was read.
        stored: the stored records of those fans.
        stored_gains: points gained so far, of the fans that a window holds.
        now: epoch ms.
    """
    commands: list[RedisCommand] = []
    for (brand, begin), fans in windows_of(batch, now).items():
        key, gains = keys.top_gainers(brand, begin), stored_gains.get((brand, begin), {})
        gained: list[float | str] = []
        removed: list[str] = []
        for fan in fans:
            gain = gain_since(begin, batch[brand, fan], stored.get((brand, fan)), gains.get(fan))
            if gain is not None and gain >= MIN_GAIN:
                gained += [gain, fan]
            elif fan in gains:
                removed.append(fan)
        if gained:
            commands += [
                ("ZADD", key, *gained),
                ("ZREMRANGEBYRANK", key, 0, -MAX_GAINERS - 1),
                ("PEXPIRE", key, begin + 2 * GAIN_STEP_MS - now),
            ]
        if removed:
            commands.append(("ZREM", key, *removed))
    return commands


def gain_since(begin: int, update: ScoreUpdate, stored: StoredScore | None, stored_gain: float | None) -> float | None:
    """Return a fan's points gained since a window began; None where that is unknown.

    Changes before ``begin`` (epoch ms) do not count, however late they are read: loading a history makes nobody a top
    gainer. Nor does a fan count whose previous score is unknown, unless they were first seen within the window.
    """
    if update.record is None or update.erased:
        return None
    if stored is not None and update.record.seq <= stored.seq:
        return stored_gain
    if update.record.as_of < begin:
        return stored_gain
    if stored is None:
        return update.record.score if update.record.first_seen >= begin else None
    return round((stored_gain or 0.0) + update.record.score - stored.score, 2)
