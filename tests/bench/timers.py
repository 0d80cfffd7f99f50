"""What a tick costs while nobody is due, and what a fan's timer takes."""

import time
from typing import NamedTuple

import numpy as np

from schemas.events import Topic
from streams.params import Brand, Brands
from streams.partition import Partition
from tests.streams.histories import START, fold, record

BLOCK = 10_000
TIMES = 200
MINUTE = 60_000


class Timers(NamedTuple):
    """Milliseconds of a tick: the median, and the fastest, which others on the machine cannot disturb; bytes a fan."""

    fans: int
    median_ms: float
    best_ms: float
    bytes_a_fan: float

    def __str__(self) -> str:
        return (
            f"{self.fans:,} fans, nobody due: a tick takes {self.median_ms:.3f} ms (best {self.best_ms:.3f}); "
            f"a timer takes {self.bytes_a_fan:.2f} bytes"
        )


def measure(fans: int) -> Timers:
    """Return the figures of one partition that holds so many fans, each with a deadline of his own."""
    partition = Partition(Brands({"miot": Brand()}, others=Brand()))
    for first in range(0, fans, BLOCK):
        block = [record(n, n % 1_000, fan=f"weibo:{10**9 + n}") for n in range(first, min(first + BLOCK, fans))]
        fold(partition, Topic.LIKES, block)
    partition.fans.announced(np.arange(fans))
    took = []
    for n in range(TIMES):
        now = START + MINUTE + n * 5_000
        fold(partition, Topic.LIKES, [record(fans + n, now - START, fan="weibo:1")])  # the feed is alive
        began = time.perf_counter()
        turns = partition.tick(now, set(), most=1_000)
        took.append((time.perf_counter() - began) * 1000)
        assert not len(turns)
    took.sort()
    return Timers(fans, took[TIMES // 2], took[0], partition.fans.columns.due.nbytes / fans)
