"""Workers die, come back, join, leave and fall asleep: nothing is lost, nothing is doubled."""

import pytest

from agents.errors import Exit
from tests.chaos.conftest import Make
from tests.chaos.ground.trial import Trial, metric
from tests.ground.processes import Running


def rebalances(one: Running) -> int:
    """Return how many assignments a worker was given, by its own count."""
    return int(metric(one, "fanpulse_rebalances_total"))


def test_the_only_worker_is_killed_three_times(trial: Trial) -> None:
    one = trial.worker()
    trial.feed()
    for _ in range(3):
        trial.moved(1_500)
        trial.kill(one)
        trial.start(one)
        trial.ready(one)
    trial.check()


@pytest.mark.full
def test_one_of_two_is_killed_for_good(trial: Trial) -> None:
    one, _ = trial.worker(0), trial.worker(1)
    trial.feed()
    trial.moved(2_000)
    trial.kept.remove(one)
    trial.kill(one)
    trial.check()


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.full)])
def test_rolling_restart(trial: Trial, times: int) -> None:
    both = trial.worker(0), trial.worker(1)
    trial.feed()
    for _ in range(times):
        for one in both:
            trial.moved(1_000)
            trial.kept.remove(one)
            assert one.terminate() == Exit.OK
            trial.start(one)
            trial.ready(one)
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
    other = trial.processes.worker(1, ready=False)
    for n in range(10):
        before = rebalances(one)
        other.start(INSTANCE_ID=f"guest-{n}") if n else None  # a name of its own: each comes and goes as a new member
        trial.until("it has joined", lambda before=before: rebalances(one) > before)
        before = rebalances(one)
        other.child.terminate() if n % 2 else other.kill()
        trial.until("it has left", lambda before=before: rebalances(one) > before)
    trial.check()


def test_one_of_two_sleeps_longer_than_the_session(trial: Trial) -> None:
    one, two = trial.worker(0), trial.worker(1)
    trial.feed()
    trial.moved(2_000)
    before = rebalances(two)
    one.freeze()
    trial.until("its partitions went to the other", lambda: rebalances(two) > before)
    trial.moved(5_000)
    one.thaw()
    assert trial.died(one) == Exit.FAIL_STOP
    trial.start(one)
    trial.ready(one)
    trial.check()


def test_two_workers_of_one_instance_id(trial: Trial) -> None:
    one = trial.worker(0)
    trial.feed()
    trial.moved(2_000)
    # On another machine: its data directory is its own, so that no lock stands in the way.
    twin = trial.processes.worker(0, ready=False, DATA_DIR=str(trial.installation.directory / "elsewhere"))
    assert trial.died(one) == Exit.FAIL_STOP
    trial.kept.append(twin)
    trial.ready(twin)
    trial.check()


@pytest.mark.full
def test_a_twin_in_the_same_data_directory_is_refused(trial: Trial) -> None:
    trial.worker(0)
    trial.feed()
    twin = trial.processes.worker(0, ready=False)
    assert twin.wait_end(30) == Exit.CONFIG
    assert "runs already" in twin.words()
    trial.check()
