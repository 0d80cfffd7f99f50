"""What a tick costs while nobody is due, and what a fan's timer takes."""

import time
from typing import NamedTuple

from schemas.inputs.likes import LIKES
from tests.streams.histories import START, advance, new_task, process, publish, record

BATCH = 10_000
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
    """Return the figures of one partition that holds so many fans, each with a deadline of their own."""
    task = new_task()
    for first in range(0, fans, BATCH):
        numbers = range(first, min(first + BATCH, fans))
        process(task, LIKES, [record(n, n % 1_000, fan=f"weibo:{10**9 + n}") for n in numbers])
    publish(task)
    took = []
    for n in range(TIMES):
        now = START + MINUTE + n * 5_000
        process(task, LIKES, [record(fans + n, now - START, fan="weibo:1")])  # the source is alive
        began = time.perf_counter()
        transitions = advance(task, now - START)
        took.append((time.perf_counter() - began) * 1000)
        assert not len(transitions)
    took.sort()
    return Timers(fans, took[TIMES // 2], took[0], task.fans.columns.due.nbytes / fans)
