"""Two who believe that they own the same partitions: one slept, is cut off, or was started twice."""

import pytest

from agents.errors import Exit
from tests.chaos.ground.line import Api, Line
from tests.chaos.ground.trial import Trial, rebalances
from tests.ground.processes import Running


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


def cut_off(trial: Trial, line: Line, without: str = "") -> Running:
    """Let a worker's heartbeats get lost while it fetches and writes, until another has its partitions as well."""
    one, two = trial.worker(0, without, BROKER=line.address), trial.worker(1)
    trial.feed()
    trial.moved(2_000)
    before = rebalances(two)
    trial.kept.remove(one)
    line.cut(Api.HEARTBEAT, "requests")
    trial.until("its partitions went to the other", lambda: rebalances(two) > before)
    return one


def test_heartbeats_are_lost_while_fetches_work(trial: Trial, line: Line) -> None:
    one = cut_off(trial, line)
    assert one.wait_end() == Exit.FAIL_STOP
    trial.result.deaths += 1
    assert "StaleMemberError" in one.words()
    line.mend()
    trial.start(one)
    trial.ready(one)
    trial.check()


@pytest.mark.full
def test_heartbeats_are_lost_without_the_fence(trial: Trial, line: Line) -> None:
    one = cut_off(trial, line, "fence")
    trial.moved(15_000)
    assert one.child.is_running, one.words()
    trial.check_broken()


def test_two_workers_of_one_instance_id(trial: Trial) -> None:
    one = trial.worker(0)
    trial.feed()
    trial.moved(2_000)
    # On another machine: its data directory is its own, so that no lock stands in the way.
    twin = trial.starting(0, DATA_DIR=str(trial.installation.directory / "elsewhere"))
    assert trial.died(one) == Exit.FAIL_STOP
    trial.kept.append(twin)
    trial.ready(twin)
    trial.check()


@pytest.mark.full
def test_a_twin_in_the_same_data_directory_is_refused(trial: Trial) -> None:
    trial.worker(0)
    trial.feed()
    twin = trial.starting(0)
    assert twin.wait_end(30) == Exit.CONFIG
    assert "runs already" in twin.words()
    trial.check()
