"""Fans whose deadline is known: each history is made backwards from the moment at which its silence is too long.

The formulas are the product's definition, written once more: nothing of the program is asked.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

DAY = 86_400_000  # milliseconds
R, ALPHA, A, B = 1.4, 5.0, 0.9, 6.0  # start values of MBG/NBD
ALIVE_AT_RISK = 0.5
HOUR = 3_600_000

Event = dict[str, Any]


class Someone(NamedTuple):
    """A fan: their events, when they are due to be at risk, and what the flag must say of their rhythm."""

    name: str
    events: list[Event]
    due: int
    usual_gap_s: int

    @property
    def last_seen(self) -> int:
        return max(int(event["event_time"]) for event in self.events)


def event(name: str, n: int, at: int, topic: str = "likes", **more: object) -> Event:
    """Return one event of a fan, the ``n``-th, for the topic named with it."""
    result = {"topic": topic, "event_id": f"{name}-{n}", "brand_id": "miot", "fan_id": name, "platform": "weibo"}
    order = {"order_id": f"{name}-{n}", "amount_minor": 9_900, "currency": "CNY"} if topic == "purchases" else {}
    return result | {"event_time": at} | order | more


def in_order(*parts: Iterable[Event]) -> list[Event]:
    """Return events as they happened."""
    return sorted(chain(*parts), key=lambda one: int(one["event_time"]))


def once(name: str, due: int) -> Someone:
    """Return a fan who came once: 30 days of silence."""
    return Someone(name, [event(name, 0, due - 30 * DAY, "purchases")], due, 0)


def regular(name: str, due: int, visits: int, every_days: float) -> Someone:
    """Return a fan with a rhythm, uneven as people are, and a deadline of their own.

    >>> fan = regular("f", 100 * DAY, 8, 2.0)
    >>> round((fan.due - fan.last_seen) / DAY, 2), fan.usual_gap_s == 2 * 86_400
    (7.11, True)
    """
    repeats = visits - 1
    span = repeats * every_days
    odds = (1 / ALIVE_AT_RISK - 1) * (B + repeats) / A
    silence = (ALPHA + span) * (odds ** (1 / (R + repeats)) - 1)
    last = due - int(min(180.0, max(3.0, silence)) * DAY)
    first = last - int(span * DAY)
    middle = (first + int(n * every_days * DAY) + (n * 7_919_000) % (5 * HOUR) for n in range(1, repeats))
    topics = ("likes", "comments", "likes", "reposts")
    moments = [first, *middle, last]
    result = [
        event(name, n, at, topics[n % 4], **({"sentiment": 0.2} if n % 4 == 1 else {})) for n, at in enumerate(moments)
    ]
    return Someone(name, result, due, (last - first) // 1000 // repeats)


def clockwork(name: str, due: int) -> Someone:
    """Return a like-bot: as even as a clock, hence suspect and not flagged, however long it is silent."""
    result = [event(name, n, due - 30 * DAY - n * 4 * HOUR) for n in range(40)]
    return Someone(name, result[::-1], due, 0)


def mixed(prefix: str, dues: list[int]) -> list[Someone]:
    """Return a fan for each deadline: one in three came once, the others have rhythms of 2 and of 5 days."""
    made = []
    for n, due in enumerate(dues):
        name = f"weibo:{prefix}-{n}"
        rhythm = [(8, 2.0), (6, 5.0)][n % 2]
        made.append(once(name, due) if n % 3 == 0 else regular(name, due, *rhythm))
    return made
