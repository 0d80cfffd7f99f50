"""A connector that sends its last likes again: with the default dedup window none counts twice, whatever happens."""

from collections.abc import Iterator

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.scenario import Make, Scenario, rebalances
from tests.chaos.fixtures.workload import Workload
from tests.integration.oracle.replay import Line

PARTITIONS = 12
FEW, MANY = 20_000, 500_000  # likes; the default window is sure of 50,000 ids of each partition
FANS = 2_000
RATE = 50_000.0


class Likes(Workload):
    """Likes alone."""

    def act(self, fan: int) -> Line:
        """Return the fields of an event without fan and time."""
        return {"topic": "likes", "type": "like"}


def killed(scenario: Scenario) -> Iterator[None]:
    """Kill the only worker between the two times."""
    one = scenario.worker(0)
    yield
    scenario.kill(one)
    scenario.start(one)
    scenario.ready(one)


def rebalanced(scenario: Scenario) -> Iterator[None]:
    """Let one of two workers leave, so that the other restores its partitions."""
    one, other = scenario.worker(0), scenario.worker(1)
    yield
    before = rebalances(one)
    scenario.kept.remove(other)
    assert other.terminate() == Exit.OK
    scenario.until("the group is rebalanced", lambda: rebalances(one) > before)
    scenario.ready(one)


def joined(scenario: Scenario) -> Iterator[None]:
    """Let a second worker join."""
    one = scenario.worker(0)
    yield
    before = rebalances(one)
    other = scenario.worker(1)
    scenario.until("the group is rebalanced", lambda: rebalances(one) > before)
    scenario.ready(other)
    scenario.ready(one)


FAULTS = {"a kill": killed, "a rebalance": rebalanced, "a second worker": joined}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("likes", [FEW, pytest.param(MANY, marks=pytest.mark.full)])
def test_likes_that_are_sent_again_count_once(make: Make, fault: str, likes: int) -> None:
    scenario = make(f"{likes:,} likes sent again after {fault}", PARTITIONS=PARTITIONS)
    scenario.work = Likes(FANS)
    between = FAULTS[fault](scenario)
    next(between)
    scenario.produce(RATE, likes)
    scenario.all_committed()
    next(between, None)
    scenario.send_again(list(scenario.work.lines), RATE)
    scenario.all_committed()
    scenario.produce(RATE, FEW // 10)  # new ones count
    scenario.check()
