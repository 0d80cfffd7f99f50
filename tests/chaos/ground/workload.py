"""A counted workload: every event's effect is known, and so is every flag that may turn."""

import random
import time
from collections.abc import Iterator

from tests.integration.oracle.replay import Line, Told, key_of, replay

BRAND, SPAN_MS, STEP_MS = "miot", 3_600_000, 6
ANGRY = 20  # one fan of so many
TWICE = 0.02  # the share of events that their producer sends again


class Workload:
    """Events without end, of the last hour and at irregular moments, so that nobody looks faked."""

    def __init__(self, fans: int, seed: int = 1) -> None:
        self.rng, self.fans, self.start = random.Random(seed), fans, int(time.time() * 1000) - SPAN_MS
        self.lines: list[Line] = []  # sent so far
        self.shocked: set[int] = set()
        self.omitted: set[str] = set()  # ids of events that must come to nothing
        self.more = self._make()

    def _make(self) -> Iterator[Line]:
        rng, n = self.rng, 0
        while n * STEP_MS < SPAN_MS:
            n, fan = n + 1, rng.randrange(self.fans)
            one: Line = {"event_id": f"e{n}", "brand_id": BRAND, "fan_id": f"weibo:{fan}", "platform": "weibo"}
            one |= {"event_time": self.start + n * STEP_MS} | _act(rng, fan, self.fans, self.shocked)
            for _ in range(2 if rng.random() < TWICE else 1):
                self.lines.append(one)
                yield one

    @property
    def angry(self) -> set[str]:
        """Who must be flagged as angry, once."""
        return {f"{BRAND}:weibo:{fan}" for fan in self.shocked}

    def told(self) -> Told:
        """Return what must have become of all that was sent."""
        return replay(line for line in self.lines if line["event_id"] not in self.omitted)


def _act(rng: random.Random, fan: int, fans: int, shocked: set[int]) -> Line:
    draw = rng.random()
    if draw < 0.7:
        return {"topic": "likes", "type": "like"}
    if draw < 0.8:
        return {"topic": "reposts", "type": "repost", "parent_fan_id": f"weibo:{rng.randrange(fans)}"}
    if draw < 0.85:
        return {"topic": "purchases", "type": "purchase", "order_id": "o1", "amount_minor": 1000, "currency": "CNY"}
    if fan % ANGRY:
        return {"topic": "comments", "type": "comment", "sentiment": round(0.6 * rng.random(), 3)}
    # One shock, and never again a mood above zero: the flag is raised once and stands.
    is_shock = fan not in shocked
    shocked.add(fan)
    return {"topic": "comments", "type": "comment", "sentiment": -0.9 if is_shock else -0.1}


def keyed(line: Line) -> tuple[bytes, Line]:
    """Return a line's record key and its event."""
    return key_of(line).encode(), {name: value for name, value in line.items() if name != "topic"}
