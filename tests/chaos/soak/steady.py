"""A steady workload that needs no memory of its own: what each fan did is counted, not kept."""

import random
import time
from collections.abc import Iterator

import numpy as np

from tests.integration.oracle.replay import Line

BRAND = "miot"
KINDS = {"likes": "like", "reposts": "repost", "comments": "comment", "purchases": "purchase"}
TOPICS = tuple(KINDS)
EDGES = (0.7, 0.8, 0.95, 1.0)


class Steady:
    """Events of now, without end; ``counts`` says how many of each kind each fan did."""

    def __init__(self, fans: int) -> None:
        self.fans, self.rng = fans, random.Random(1)
        self.counts = np.zeros((fans, len(TOPICS)), np.int64)

    def lines(self) -> Iterator[Line]:
        """Yield event after event; each is counted as it is taken."""
        rng, n = self.rng, 0
        while True:
            n, fan, draw = n + 1, rng.randrange(self.fans), rng.random()
            place = next(i for i, edge in enumerate(EDGES) if draw < edge)
            one: Line = {"event_id": f"s{n}", "brand_id": BRAND, "fan_id": f"weibo:{fan}", "platform": "weibo"}
            one |= {"event_time": int(time.time() * 1000), "topic": TOPICS[place]}
            if TOPICS[place] == "comments":
                one["sentiment"] = round(rng.random() * 2 - 1, 3)
            elif TOPICS[place] == "purchases":
                one |= {"order_id": f"o{n}", "amount_minor": 1000, "currency": "CNY"}
            elif TOPICS[place] == "reposts":
                one["parent_fan_id"] = f"weibo:{rng.randrange(self.fans)}"
            self.counts[fan, place] += 1
            yield one
