"""Two who believe that they own the same partitions: one slept, is cut off, or was started twice."""

import pytest

from agents.errors import Exit
from tests.chaos.ground.line import Api, Line
from tests.chaos.ground.trial import Trial, metric, rebalances
from tests.ground.processes import Running

WAIT_S = 44.0  # that scores wait, half of it for one of two partitions: longer than the other takes to count
STALE_ROWS = 20  # of some 125 fans in a partition
ROWS = "fanpulse_changelog_records_total"


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


def past_its_session(trial: Trial, line: Line, without: str = "") -> tuple[Running, Running]:
    """Let a worker with scores that wait lose its session unnoticed, while another counts new events of the same fans.

    Its heartbeats and fetches get lost, its producer's requests do not: the next that it writes are those scores.
    """
    two = trial.worker(1)
    one = trial.worker(0, without, BROKER=line.address, SETTLE_S=WAIT_S, TICK_S=600)
    trial.feed(rate=5_000, limit=10_000)  # 20 events a fan: the last few change a score too little to be told at once
    trial.all_committed()
    trial.kept.remove(one)
    before = rebalances(two)
    line.cut(frozenset({Api.HEARTBEAT, Api.FETCH}), "requests")
    trial.until("its partitions went to the other", lambda: rebalances(two) > before)
    trial.feed(limit=2_000)
    trial.all_committed()
    return one, two


def test_scores_that_waited_are_written_after_the_session(trial: Trial, line: Line) -> None:
    one, _ = past_its_session(trial, line)
    assert one.child.is_running, f"it ended before its scores were due:\n{one.words()}"
    assert one.wait_end(2 * WAIT_S) == Exit.FAIL_STOP
    trial.result.deaths += 1
    assert "StaleMemberError" in one.words()
    line.mend()
    trial.start(one, SETTLE_S=0.3, TICK_S=1)
    trial.ready(one)
    trial.feed()
    trial.check()


@pytest.mark.full
def test_scores_that_waited_are_written_after_the_session_without_an_offset(trial: Trial, line: Line) -> None:
    one, two = past_its_session(trial, line, "unmoved_offset")
    assert one.child.is_running, one.words()
    before = metric(one, ROWS)
    trial.until("it overwrites rows", lambda: metric(one, ROWS) >= before + STALE_ROWS)
    for each in (one, two):  # what is read back is what it wrote
        each.kill()
        trial.result.deaths += 1
    line.mend()
    trial.kept.remove(two)
    for each in (one, two):
        trial.start(each, SETTLE_S=0.3, TICK_S=1)
    trial.ready(two)
    trial.feed()
    assert trial.check_broken().lost


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
