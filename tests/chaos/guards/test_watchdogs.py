"""Every hang becomes an exit; with its watchdog switched off a worker hangs for ever."""

import pytest

from agents.errors import Exit
from tests.chaos.ground.line import Api, Line
from tests.chaos.ground.trial import Make, Trial
from tests.ground.processes import Running

pytestmark = pytest.mark.full

LIMIT_S = 8  # that the scenario gives the watchdog
START_S = 40.0  # beside it: start, join, on a busy machine
TRANSACTION_S = 20.0  # after which the flush's own watchdog ends a worker


def ends_alone(trial: Trial, one: Running, words: str) -> None:
    """Hold a worker to its watchdog."""
    assert one.wait_end(LIMIT_S + START_S) == Exit.FAIL_STOP
    assert words in one.words()
    trial.result.deaths += 1


def hangs(trial: Trial, one: Running, seconds: float = 4 * LIMIT_S) -> None:
    """See that a worker does nothing about it, though it was there for several times as long."""
    trial.hold(seconds)
    assert one.child.is_running, f"it ended without the watchdog:\n{one.words()}"


def goes_on(trial: Trial, one: Running) -> None:
    """Let it live, once the fault is over, and count."""
    trial.kept.append(one)
    if trial.feeding is None or trial.feeding.is_over:
        trial.feed()
    trial.ready(one)
    trial.check()


def test_a_takeover_that_hangs(trial: Trial, line: Line) -> None:
    first = trial.worker(0)
    trial.feed(limit=3_000)
    trial.all_committed()
    trial.kept.remove(first)
    assert first.terminate() == Exit.OK
    line.cut(Api.FETCH, "requests", trial.settings.names.changelog)
    settings = {"BROKER": line.address, "RECOVERY_TIMEOUT_S": LIMIT_S}
    ends_alone(trial, trial.starting(0, **settings), "FANPULSE_RECOVERY_TIMEOUT_S")
    other = trial.starting(0, "recovery_watchdog", **settings)
    hangs(trial, other)
    line.mend()
    goes_on(trial, other)


def test_a_backlog_that_is_not_fetched(make: Make, line: Line) -> None:
    # One partition, so that the backlog is more than one fetch brings of it: the lag is known, and stands.
    trial = make("a backlog that is not fetched", PARTITIONS=1)
    settings = {"BROKER": line.address, "STALL_TIMEOUT_S": LIMIT_S}
    trial.feed(rate=50_000, limit=20_000)
    trial.all_sent()
    line.cut(Api.FETCH, "requests", trial.settings.names.inputs[0], passed=1)
    ends_alone(trial, trial.starting(0, **settings), "FANPULSE_STALL_TIMEOUT_S")
    line.cut(Api.FETCH, "requests", trial.settings.names.inputs[0], passed=1)
    other = trial.starting(0, "stall_watchdog", **settings)
    hangs(trial, other)
    line.mend()
    goes_on(trial, other)


def test_an_event_loop_that_is_blocked(trial: Trial) -> None:
    settings = {"LOOP_TIMEOUT_S": LIMIT_S, "TEST_BLOCK_AT": "collected:20"}
    trial.feed()
    one = trial.starting(0, **settings)
    ends_alone(trial, one, "event loop blocked")
    assert "tests/ground/faults.py" in one.words(), "where it was blocked is told"
    other = trial.starting(1, "loop_watchdog", **settings)
    hangs(trial, other)
    assert other.words().count("took over 4 partitions") == 1
    other.kill()
    trial.result.deaths += 1
    other.start(TEST_BLOCK_AT="")
    goes_on(trial, other)


def test_a_commit_that_nobody_answers(trial: Trial, line: Line) -> None:
    one = trial.worker(0, "flush_watchdog", BROKER=line.address, STALL_TIMEOUT_S=600)
    trial.feed()
    trial.moved(2_000)
    line.cut(Api.END_TXN, "requests")
    hangs(trial, one, TRANSACTION_S + LIMIT_S)  # with it: tests/chaos/servers/test_writes.py
    line.mend()
    trial.moved(2_000)  # it asks again when its own patience with the broker is over
    trial.check()
