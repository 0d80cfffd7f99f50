"""Every hang becomes an exit, and a worker that has nothing to do is not one that hangs."""

from types import SimpleNamespace

import pytest

from agents.errors import FailStopError
from agents.metrics import Metrics
from agents.settings import Settings
from agents.worker.watchdog import Watchdog
from streams.fans.model import MODEL
from tests.agents.worker.memory_worker import tp

SETTINGS = Settings(recovery_timeout_s=600.0, stall_timeout_s=60.0, loop_timeout_s=30.0)


class Worker:
    """What a watchdog looks at."""

    def __init__(self) -> None:
        self.lag: int | None = 0
        self.has_output = False
        self.app = SimpleNamespace(crashed=False, crash_reason=None, consumer=SimpleNamespace(lag=lambda at: self.lag))
        self.flush = SimpleNamespace(committed_at=0.0)
        active = SimpleNamespace(has_output=lambda: self.has_output)
        self.assignment = SimpleNamespace(is_ready=True, since=0.0, tasks={0: active}, flush=self.flush)
        gauges = SimpleNamespace(inputs=lambda: [tp()])
        self.watchdog = Watchdog(
            SETTINGS,
            self.assignment,  # type: ignore[arg-type]
            self.app,
            gauges,  # type: ignore[arg-type]
            Metrics(MODEL, ["weibo"]),
        )

    def check(self, now: float) -> None:
        self.watchdog._check(now)


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.mark.parametrize(("lag", "has_output"), [(5, False), (0, True)], ids=["records to read", "output to write"])
def test_lag_without_a_commit_ends_the_worker(worker: Worker, lag: int, has_output: bool) -> None:
    worker.lag, worker.has_output = lag, has_output
    worker.check(60.0)
    with pytest.raises(FailStopError, match="FANPULSE_STALL_TIMEOUT_S"):
        worker.check(60.1)


def test_a_commit_begins_the_time_again(worker: Worker) -> None:
    worker.lag = 5
    worker.flush.committed_at = 50.0
    worker.check(110.0)
    with pytest.raises(FailStopError):
        worker.check(110.1)


def test_a_worker_without_lag_may_commit_nothing_for_long(worker: Worker) -> None:
    worker.check(1_000.0)
    worker.lag = 5
    worker.check(1_060.0)


def test_a_lag_that_is_not_known_yet_is_none(worker: Worker) -> None:
    worker.lag = None
    worker.check(1_000.0)
    assert worker.flush.committed_at == 1_000.0


def test_a_restore_that_takes_too_long_ends_the_worker(worker: Worker) -> None:
    worker.assignment.is_ready, worker.assignment.since, worker.lag = False, 100.0, 5
    worker.check(700.0)
    with pytest.raises(FailStopError, match="FANPULSE_RECOVERY_TIMEOUT_S"):
        worker.check(700.1)


def test_the_time_of_a_restore_is_no_time_without_a_commit(worker: Worker) -> None:
    worker.assignment.is_ready, worker.lag = False, 5
    worker.check(500.0)
    worker.assignment.is_ready = True
    worker.check(560.0)


def test_a_crash_of_faust_ends_the_worker(worker: Worker) -> None:
    worker.app.crashed, worker.app.crash_reason = True, ValueError("why")
    with pytest.raises(FailStopError, match="why"):
        worker.check(0.0)


def test_a_blocked_event_loop_is_reported_after_its_time(worker: Worker) -> None:
    assert worker.watchdog.blocked() is None
    worker.watchdog.heartbeat_at -= SETTINGS.loop_timeout_s + 1
    assert worker.watchdog.blocked() == "event loop blocked for 31 s"
