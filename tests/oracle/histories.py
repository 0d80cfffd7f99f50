"""Histories by a few words, for tests that compute by hand."""

from itertools import count

from tests.integration.oracle.formulas import DAY_MS
from tests.integration.oracle.replay import Line

START_MS = 1_750_003_200_000  # 2025-06-16 00:00 in Shanghai
TOPIC = {
    "like": "likes", "unlike": "likes", "repost": "reposts", "show": "reposts", "comment": "comments",
    "review": "comments", "mention": "comments", "purchase": "purchases", "refund": "purchases",
}  # fmt: skip
numbers = count()


def act(kind: str, day: float, fan: str = "f", **more: object) -> Line:
    """Return one act of a fan, ``day`` days after the start."""
    one: Line = {"topic": TOPIC[kind], "type": kind, "event_id": f"e{next(numbers)}", "brand_id": "miot", "fan_id": fan}
    one |= {"platform": "weibo", "event_time": START_MS + round(day * DAY_MS), "sentiment": 0.0}
    if TOPIC[kind] == "purchases":
        one |= {"order_id": "o1", "amount_minor": 9_900, "currency": "CNY"}
    return one | more


def every(kind: str, days: float, until: float, fan: str = "f", **more: object) -> list[Line]:
    """Return an act every ``days`` days for five years, the newest on day ``until``."""
    return [act(kind, until - n * days, fan, **more) for n in range(int(1826 / days), -1, -1)]
