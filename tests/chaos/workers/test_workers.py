"""Workers die, come back, join and leave: nothing is lost, nothing is doubled."""

import time

import pytest

from agents.errors import Exit
from tests.chaos.ground.reader import Reader
from tests.chaos.ground.trial import Make, Trial, metric, rebalances
from tests.chaos.ground.workload import Workload

SESSION_S, TRANSACTION_S, CHECK_S = 6.0, 10.0, 2.0  # the suite's session; a transaction's time; the broker looks
FANS = 120_000  # of whom two events each reach 103,000
SLACK_S = 0.5  # two looks of the reader's watch, and the markers on their way


def test_the_only_worker_is_killed_three_times(trial: Trial) -> None:
    one = trial.worker()
    trial.feed()
    for _ in range(3):
        trial.moved(1_500)
        trial.kill(one)
        trial.start(one)
        trial.ready(one)
    trial.check()


def test_a_machine_is_lost_in_the_middle_of_a_transaction(trial: Trial) -> None:
    trial.work = Workload(FANS)  # each flush has scores to tell: of known fans, one may have none to hold a reader up
    trial.worker(0)
    trial.feed()
    lost = trial.starting(1, TEST_DIE_AT="before-commit:50")
    watched = Reader(trial.settings)
    watched.start()
    trial.until("it dies", lambda: not lost.child.is_running)
    trial.result.deaths += 1
    died_at = time.monotonic()
    trial.all_move(died_at + 1)
    trial.moved(2_000)
    trial.result.held_s = watched.stop()
    trial.bars |= {"gap_s": SESSION_S + TRANSACTION_S + 5, "held_s": TRANSACTION_S + CHECK_S + SLACK_S}
    trial.check()
    assert trial.result.held_s > SESSION_S, "no reader was held up: the transaction was not abandoned"


@pytest.mark.full
def test_killed_with_a_hundred_thousand_fans(trial: Trial) -> None:
    trial.work = Workload(FANS)
    one = trial.worker(0)
    trial.feed(rate=50_000, limit=2 * FANS)
    trial.all_committed()
    trial.kill(one)
    trial.start(one)
    trial.ready(one)
    assert metric(one, "fanpulse_recovered_fans") >= 100_000
    trial.bars["ready_s"] = 5.0
    trial.feed(limit=1_000)
    trial.check()


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.full)])
def test_rolling_restart(trial: Trial, times: int) -> None:
    both = trial.worker(0), trial.worker(1)
    trial.feed()
    for _ in range(times):
        for one in both:
            trial.moved(1_000)
            trial.strike()
            trial.kept.remove(one)
            assert one.terminate() == Exit.OK
            trial.start(one)
            trial.ready(one)
    trial.bars |= {"gap_s": 6.0, "gap_elsewhere_s": 0.5}
    trial.check()


def test_a_quick_restart_of_a_static_member_causes_no_rebalance(make: Make) -> None:
    trial = make("quick restart of a static member", SESSION_TIMEOUT_S=30)
    one, other = trial.worker(0), trial.worker(1)
    trial.feed()
    trial.moved(2_000)
    before = rebalances(other)
    trial.kill(one)
    trial.start(one)
    trial.ready(one)
    trial.check()
    assert rebalances(other) == before


@pytest.mark.full
def test_rebalance_storm(trial: Trial) -> None:
    one = trial.worker(0)
    trial.feed()
    other = trial.starting(1)
    for n in range(10):
        before = rebalances(one)
        other.start(INSTANCE_ID=f"guest-{n}") if n else None  # a name of its own: each comes and goes as a new member
        trial.until("it has joined", lambda before=before: rebalances(one) > before)
        before = rebalances(one)
        other.child.terminate() if n % 2 else other.kill()
        trial.until("it has left", lambda before=before: rebalances(one) > before)
    trial.check()


def test_the_first_events_arrive_as_another_worker_joins(make: Make) -> None:
    # Nothing is committed yet, so nothing leads back to a block that is dropped on its way.
    trial = make("first events as another worker joins", PARTITIONS=24)
    one, other = trial.worker(0), trial.starting(1)
    before = rebalances(one)
    trial.until("it has joined", lambda: rebalances(one) > before)
    trial.feed()
    trial.kept.append(other)
    trial.check()
