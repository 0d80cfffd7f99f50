"""Workers die, come back, join and leave: nothing is lost, nothing is doubled."""

import time
from collections.abc import Callable

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.reader import Reader
from tests.chaos.fixtures.scenario import Make, Scenario, metric, rebalances
from tests.chaos.fixtures.workload import Workload
from tests.support.processes import Running

SESSION_S, TRANSACTION_S, CHECK_S = 6.0, 10.0, 2.0  # the suite's session; a transaction's time; the broker looks
FANS = 120_000  # of whom two events each reach 103,000
SLACK_S = 0.5  # two looks of the reader's watch, and the markers on their way


def test_the_only_worker_is_killed_three_times(scenario: Scenario) -> None:
    one = scenario.worker()
    scenario.produce()
    for _ in range(3):
        scenario.moved(1_500)
        scenario.kill(one)
        scenario.start(one)
        scenario.ready(one)
    scenario.check()


def test_a_machine_is_lost_in_the_middle_of_a_transaction(scenario: Scenario) -> None:
    scenario.work = Workload(FANS)  # with new fans each flush has scores, so that a reader is held up
    scenario.worker(0)
    scenario.produce()
    lost = scenario.starting(1, TEST_DIE_AT="before-commit:50")
    watched = Reader(scenario.settings)
    watched.start()
    scenario.until("it dies", lambda: not lost.child.is_running)
    scenario.result.deaths += 1
    died_at = time.monotonic()
    scenario.all_move(died_at + 1)
    scenario.moved(2_000)
    scenario.result.held_s = watched.stop()
    scenario.bars |= {"gap_s": SESSION_S + TRANSACTION_S + 5, "held_s": TRANSACTION_S + CHECK_S + SLACK_S}
    scenario.check()
    assert scenario.result.held_s > SESSION_S, "no reader was held up: the transaction was not abandoned"


@pytest.mark.full
def test_killed_with_a_hundred_thousand_fans(scenario: Scenario) -> None:
    scenario.work = Workload(FANS)
    one = scenario.worker(0)
    scenario.produce(rate=50_000, limit=2 * FANS)
    scenario.all_committed()
    scenario.kill(one)
    scenario.start(one)
    scenario.ready(one)
    assert metric(one, "fanpulse_restored_fans") >= 100_000
    scenario.bars["ready_s"] = 5.0
    scenario.produce(limit=1_000)
    scenario.check()


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.full)])
def test_rolling_restart(scenario: Scenario, times: int) -> None:
    both = scenario.worker(0), scenario.worker(1)
    scenario.produce()
    for _ in range(times):
        for one in both:
            scenario.moved(1_000)
            scenario.expect_fault()
            scenario.kept.remove(one)
            assert one.terminate() == Exit.OK
            scenario.start(one)
            scenario.ready(one)
    scenario.bars |= {"gap_s": 6.0, "gap_elsewhere_s": 0.5}
    scenario.check()


def test_a_quick_restart_of_a_static_member_causes_no_rebalance(make: Make) -> None:
    scenario = make("quick restart of a static member", SESSION_TIMEOUT_S=30)
    one, other = scenario.worker(0), scenario.worker(1)
    scenario.produce()
    scenario.moved(2_000)
    before = rebalances(other)
    scenario.kill(one)
    scenario.start(one)
    scenario.ready(one)
    scenario.check()
    assert rebalances(other) == before


def rebalanced(one: Running, before: int) -> Callable[[], bool]:
    """Return what says whether a worker has had more assignments than before."""
    return lambda: rebalances(one) > before


@pytest.mark.full
def test_rebalance_storm(scenario: Scenario) -> None:
    one = scenario.worker(0)
    scenario.produce()
    other = scenario.starting(1)
    for n in range(10):
        before = rebalances(one)
        other.start(INSTANCE_ID=f"guest-{n}") if n else None  # a name of its own: each comes and goes as a new member
        scenario.until("it has joined", rebalanced(one, before))
        before = rebalances(one)
        other.child.terminate() if n % 2 else other.kill()
        scenario.until("it has left", rebalanced(one, before))
    scenario.check()


def test_the_first_events_arrive_as_another_worker_joins(make: Make) -> None:
    # Nothing is committed yet, so nothing leads back to a block that is dropped on its way.
    scenario = make("first events as another worker joins", PARTITIONS=24)
    one, other = scenario.worker(0), scenario.starting(1)
    before = rebalances(one)
    scenario.until("it has joined", lambda: rebalances(one) > before)
    scenario.produce()
    scenario.kept.append(other)
    scenario.check()
