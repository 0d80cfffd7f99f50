"""The lag in seconds is the age of the oldest record not yet applied, not that of the newest one applied."""

import asyncio
import math
from types import SimpleNamespace

import pytest
from faust.types import TP

from agents.metrics import Metrics
from agents.transport.fetched import Fetched
from agents.transport.fetching import FetchedBatch
from agents.worker.active_task import ActiveTask
from agents.worker.gauges import Gauges
from streams.fans.model import MODEL
from streams.wire.records import Record, Records
from tests.agents.worker.memory_worker import NAMES, tp
from tests.streams.histories import brands, new_task
from tests.support.clock import ManualClock

HOUR_MS = 3_600_000


class Worker:
    """One partition whose topics end at ``ends``, on a consumer that fetches nothing by itself."""

    def __init__(self) -> None:
        self.clock, self.metrics, self.fetched = ManualClock(), Metrics(MODEL, ["weibo"]), Fetched()
        self.active = ActiveTask(0, new_task(), 0.0)
        tps = [TP(name, 0) for name in NAMES.inputs]
        self.active.seek(dict.fromkeys(tps, 7))
        self.ends = dict.fromkeys(tps, 7)
        self.member: object | None = self
        assignment = SimpleNamespace(tasks={0: self.active}, current_member=lambda: self.member, names=NAMES)
        consumer = SimpleNamespace(fetched=self.fetched, highwaters=self._highwaters)
        app = SimpleNamespace(consumer=consumer)
        self.gauges = Gauges(assignment, brands(), app, self.metrics, self.clock)  # type: ignore[arg-type]

    async def _highwaters(self, *tps: TP) -> dict[TP, int]:
        return self.ends

    def value(self, name: str) -> float:
        """Update all gauges, and return one of likes."""
        asyncio.run(self.gauges.update())
        found = self.metrics.registry.get_sample_value(name, {"topic": "likes", "partition": "0"})
        assert found is not None
        return found

    def lag_s(self) -> float:
        return self.value("fanpulse_consumer_lag_seconds")

    def fetch(self, ago_ms: int) -> None:
        appended = self.clock.now() - ago_ms
        self.fetched.add(tp(), FetchedBatch(7, 8, Records.of([Record(7, appended, b"k", b"v")])))


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_no_lag_has_no_age(worker: Worker) -> None:
    worker.active.newest_append[tp()] = worker.clock.now() - HOUR_MS
    assert worker.lag_s() == 0.0


def test_a_fresh_event_after_a_quiet_hour_is_not_an_hour_old(worker: Worker) -> None:
    worker.active.newest_append[tp()] = worker.clock.now() - HOUR_MS
    worker.lag_s()  # nothing waits
    worker.clock.ms += 2_000
    worker.ends[tp()] = 8
    assert worker.lag_s() == 2.0, "it came after nothing had waited"
    worker.fetch(ago_ms=500)
    assert worker.lag_s() == 0.5


def test_a_fetched_record_that_is_not_applied_has_its_own_age(worker: Worker) -> None:
    worker.lag_s()  # nothing waits, a moment ago
    worker.ends[tp()] = 9
    worker.fetch(ago_ms=HOUR_MS)
    assert worker.lag_s() == 3_600.0


def test_of_a_backlog_that_is_not_fetched_the_newest_applied_record_bounds_the_age(worker: Worker) -> None:
    worker.ends[tp()] = 1_000
    assert math.isnan(worker.lag_s()), "restored, and nothing read yet: nobody knows"
    worker.active.newest_append[tp()] = worker.clock.now() - HOUR_MS
    assert worker.lag_s() == 3_600.0
    assert worker.value("fanpulse_consumer_lag_messages") == 993


def test_a_timestamp_ahead_of_our_clock_is_no_negative_age(worker: Worker) -> None:
    worker.ends[tp()] = 8
    worker.fetch(ago_ms=-HOUR_MS)
    assert worker.lag_s() == 0.0


def test_between_two_assignments_gauges_keep_their_values(worker: Worker) -> None:
    worker.ends[tp()] = 9
    assert worker.value("fanpulse_consumer_lag_messages") == 2
    worker.ends[tp()], worker.member = 7, None
    assert worker.value("fanpulse_consumer_lag_messages") == 2
