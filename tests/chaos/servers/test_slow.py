"""A slow broker, and a backlog in which nearly every event is a new fan's: 1 kB to write for each."""

import pytest

from agents.errors import Exit
from tests.chaos.ground.line import Line
from tests.chaos.ground.trial import Trial
from tests.chaos.ground.workload import Workload

SPEED = 4e6  # bytes a second: 20,000 events in 4 s, all of them in 12; a transaction may take 10
EVENTS = 80_000


@pytest.fixture
def backlog(trial: Trial) -> Trial:
    """All is sent before a worker starts."""
    trial.work = Workload(EVENTS)
    trial.bars.clear()  # the line is what it waits for
    trial.feed(rate=1e9, limit=EVENTS)
    trial.all_sent()
    return trial


def test_new_fans_over_a_slow_line(backlog: Trial, line: Line) -> None:
    line.speed = SPEED
    backlog.worker(0, BROKER=line.address)
    backlog.check()
    assert backlog.result.deaths == 0


@pytest.mark.full
def test_new_fans_over_a_slow_line_in_one_transaction(backlog: Trial, line: Line) -> None:
    line.speed = SPEED
    one = backlog.starting(0, "pace", BROKER=line.address)
    assert one.wait_end(90) == Exit.FAIL_STOP
    assert "transaction" in one.words()
