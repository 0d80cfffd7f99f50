"""The lag in seconds is the age of the oldest record not yet applied, not that of the newest one applied."""

import asyncio
import math
import time
from types import SimpleNamespace

import pytest
from faust.types import TP

from agents.metrics import Metrics
from agents.settings import Settings
from agents.transport.blocks import RawBlock
from agents.transport.fetched import Fetched
from agents.worker.owning.held import Held
from agents.worker.watch import Watch
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.spans import Record, Records

HOUR_MS = 3_600_000
SETTINGS = Settings(group="g")
LIKES = TP(SETTINGS.names.inputs[0], 0)


class Worker:
    """One partition whose topics end at ``ends``, on a consumer that fetches nothing by itself."""

    def __init__(self) -> None:
        self.metrics, brands = Metrics(["weibo"]), Brands({}, Params())
        self.fetched, self.held = Fetched(), Held(0, Partition(brands, 0, 1), 0.0)
        tps = [TP(name, 0) for name in (*SETTINGS.names.inputs, SETTINGS.names.credits)]
        self.held.applied |= dict.fromkeys(tps, 7)
        self.ends = dict.fromkeys(tps, 7)
        owner = SimpleNamespace(held={0: self.held}, member=lambda: self, brands=brands)
        consumer = SimpleNamespace(fetched=self.fetched, highwaters=self._highwaters)
        self.watch = Watch(SETTINGS, owner, SimpleNamespace(consumer=consumer), self.metrics)  # type: ignore[arg-type]

    async def _highwaters(self, *tps: TP) -> dict[TP, int]:
        return self.ends

    def lag_s(self) -> float:
        """Measure, and return the lag of likes in seconds."""
        asyncio.run(self.watch._measure())
        labels = {"topic": "likes", "partition": "0"}
        found = self.metrics.registry.get_sample_value("fanpulse_consumer_lag_seconds", labels)
        assert found is not None
        return found


def ago(ms: int) -> int:
    return int(time.time() * 1000) - ms


def test_no_lag_has_no_age() -> None:
    worker = Worker()
    worker.held.stamps[LIKES] = ago(HOUR_MS)
    assert worker.lag_s() == 0.0


def test_a_fresh_event_after_a_quiet_hour_is_not_an_hour_old() -> None:
    worker = Worker()
    worker.held.stamps[LIKES] = ago(HOUR_MS)
    worker.lag_s()  # nothing waits
    worker.ends[LIKES] = 8
    assert worker.lag_s() < 60, "it came after nothing had waited"
    worker.fetched.add(LIKES, RawBlock(7, 8, Records.of([Record(7, ago(0), b"k", b"v")])))
    assert worker.lag_s() < 60


def test_a_fetched_record_that_is_not_applied_has_its_own_age() -> None:
    worker = Worker()
    worker.lag_s()  # nothing waits, a moment ago
    worker.ends[LIKES] = 9
    worker.fetched.add(LIKES, RawBlock(7, 8, Records.of([Record(7, ago(HOUR_MS), b"k", b"v")])))
    assert worker.lag_s() == pytest.approx(3_600, abs=60)


def test_of_a_backlog_that_is_not_fetched_the_newest_applied_record_bounds_the_age() -> None:
    worker = Worker()
    worker.ends[LIKES] = 1_000
    assert math.isnan(worker.lag_s()), "restored, and nothing read yet: nobody knows"
    worker.held.stamps[LIKES] = ago(HOUR_MS)
    assert worker.lag_s() == pytest.approx(3_600, abs=60)


def test_a_timestamp_ahead_of_our_clock_is_no_negative_age() -> None:
    worker = Worker()
    worker.ends[LIKES] = 8
    worker.fetched.add(LIKES, RawBlock(7, 8, Records.of([Record(7, ago(-HOUR_MS), b"k", b"v")])))
    assert worker.lag_s() == 0.0
