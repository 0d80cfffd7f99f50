"""Fans that no real set has enough of: faked engagement, each kind fed by one topic, so that no order is in doubt."""

import random
from collections.abc import Callable, Iterator
from typing import Any

START_MS = 1_750_003_200_000  # 2025-06-16 00:00 in Shanghai
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
EACH = 8  # bots of a kind
Moments = list[int]


def even(rng: random.Random, acts: int) -> Moments:
    """Act every hour, give or take three minutes."""
    return [START_MS + n * HOUR_MS + rng.randint(-180_000, 180_000) for n in range(acts)]


def reformed(rng: random.Random) -> Moments:
    """Act evenly at first, then like a person: in bursts, days apart."""
    moments = even(rng, 30)
    for _ in range(14):
        moments += [moments[-1] + rng.randint(2, 5) * DAY_MS, moments[-1] + 6 * DAY_MS]
    return moments


def paused(rng: random.Random, hours: float) -> Moments:
    """Act evenly, pause once, and act again: a pause of 4.4 hours gives a CV of .55, one of 3.6 hours .43."""
    moments = even(rng, 30)
    return [*moments, moments[-1] + int(hours * HOUR_MS)]


def capped(rng: random.Random, days: int, acts: int = 25, first: int = 0) -> Moments:
    """Reach the cap on each of ``days`` days, at no even rhythm."""
    return [
        START_MS + (first + day) * DAY_MS + at
        for day in range(days)
        for at in sorted(int(DAY_MS * rng.random() ** 4) for _ in range(acts))
    ]


def rested(rng: random.Random, days: int) -> Moments:
    """Reach the cap on five days of seven, then come some days without."""
    hits = capped(rng, 2) + capped(rng, 2, first=3) + capped(rng, 1, first=6)
    return hits + capped(rng, days, acts=3, first=7)


KINDS: dict[str, Callable[[random.Random], Moments]] = {
    "even": lambda rng: even(rng, 60),
    "reformed": reformed,
    "human": lambda rng: paused(rng, 4.4),
    "doubtful": lambda rng: paused(rng, 3.6),
    "capped": lambda rng: capped(rng, 6),
    "released": lambda rng: rested(rng, 3),
    "resting": lambda rng: rested(rng, 2),
    "tame": lambda rng: capped(rng, 4),
}


def bots() -> Iterator[dict[str, Any]]:
    """Yield likes of some and reposts of others, in the order of time; the reposters try to lift a star."""
    rng, lines = random.Random(3), []
    for topic, kind in (("likes", "like"), ("reposts", "repost")):
        for name, moments in KINDS.items():
            for n in range(EACH):
                for act, at in enumerate(moments(rng)):
                    event_id = f"bot-{topic}-{name}-{n}-{act}"
                    one: dict[str, Any] = {
                        "topic": topic,
                        "type": kind,
                        "event_id": event_id,
                        "brand_id": "bots",
                        "platform": "weibo",
                    }
                    one |= {"fan_id": f"weibo:{topic}-{name}-{n}", "event_time": at, "source": "organic"}
                    if topic == "reposts":
                        one["parent_fan_id"] = f"weibo:star-{n % 3}"
                    lines.append(one)
    yield from sorted(lines, key=lambda one: one["event_time"])
