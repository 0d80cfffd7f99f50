"""Two who believe that they own the same partitions: one slept, is cut off, or was started twice."""

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.proxy import Api, Proxy
from tests.chaos.fixtures.scenario import Scenario, metric, rebalances
from tests.support.processes import Running

WAIT_S = 44.0  # that scores wait, half of it for one of two partitions: longer than the other takes to count
STALE_ROWS = 20  # of some 125 fans in a partition
ROWS = "fanpulse_changelog_records_total"


def test_one_of_two_sleeps_longer_than_the_session(scenario: Scenario) -> None:
    one, two = scenario.worker(0), scenario.worker(1)
    scenario.produce()
    scenario.moved(2_000)
    before = rebalances(two)
    one.freeze()
    scenario.until("its partitions went to the other", lambda: rebalances(two) > before)
    scenario.moved(5_000)
    one.thaw()
    assert scenario.died(one) == Exit.FAIL_STOP
    scenario.start(one)
    scenario.ready(one)
    scenario.check()


def cut_off(scenario: Scenario, proxy: Proxy, without: str = "") -> Running:
    """Let a worker's heartbeats get lost while it fetches and writes, until another has its partitions as well."""
    # Without the fence the other one would find committed offsets ahead of its rows, and refuse to start on them.
    other = "preflight_checks" if without else ""
    one, two = scenario.worker(0, without, BROKER=proxy.address), scenario.worker(1, other)
    scenario.produce()
    scenario.moved(2_000)
    before = rebalances(two)
    scenario.kept.remove(one)
    proxy.cut(Api.HEARTBEAT, "requests")
    scenario.until("its partitions went to the other", lambda: rebalances(two) > before)
    return one


def test_heartbeats_are_lost_while_fetches_work(scenario: Scenario, proxy: Proxy) -> None:
    one = cut_off(scenario, proxy)
    assert one.wait_end() == Exit.FAIL_STOP
    scenario.result.deaths += 1
    assert "StaleMemberError" in one.words()
    proxy.heal()
    scenario.start(one)
    scenario.ready(one)
    scenario.check()


@pytest.mark.full
def test_heartbeats_are_lost_without_the_fence(scenario: Scenario, proxy: Proxy) -> None:
    one = cut_off(scenario, proxy, "fence")
    scenario.moved(15_000)
    assert one.child.is_running, one.words()
    scenario.check_broken()


def past_its_session(scenario: Scenario, proxy: Proxy, without: str = "") -> tuple[Running, Running]:
    """Let a worker with scores that wait lose its session unnoticed, while another counts new events of the same fans.

    Its heartbeats and fetches get lost, its producer's requests do not: it writes ticks, and later those scores.
    """
    two = scenario.worker(1)
    one = scenario.worker(0, without, BROKER=proxy.address, PUBLISH_DELAY_S=WAIT_S, TICK_S=600)
    scenario.produce(rate=5_000, limit=10_000)  # 20 events a fan: the last change a score too little
    scenario.all_committed()
    scenario.kept.remove(one)
    before = rebalances(two)
    proxy.cut(frozenset({Api.HEARTBEAT, Api.FETCH}), "requests")
    scenario.until("its partitions went to the other", lambda: rebalances(two) > before)
    scenario.produce(limit=2_000)
    scenario.all_committed()
    return one, two


def test_scores_that_waited_are_written_after_the_session(scenario: Scenario, proxy: Proxy) -> None:
    one, _ = past_its_session(scenario, proxy)
    assert one.wait_end() == Exit.FAIL_STOP, "its next tick commits an offset, and is refused before scores are due"
    scenario.result.deaths += 1
    assert "StaleMemberError" in one.words()
    proxy.heal()
    scenario.start(one, PUBLISH_DELAY_S=0.3, TICK_S=1)
    scenario.ready(one)
    scenario.produce()
    scenario.check()


@pytest.mark.full
def test_scores_that_waited_are_written_after_the_session_without_an_offset(scenario: Scenario, proxy: Proxy) -> None:
    one, two = past_its_session(scenario, proxy, "unmoved_offset")
    assert one.child.is_running, one.words()
    before = metric(one, ROWS)
    scenario.until("it overwrites rows", lambda: metric(one, ROWS) >= before + STALE_ROWS)
    for each in (one, two):  # what is read back is what it wrote
        each.kill()
        scenario.result.deaths += 1
    proxy.heal()
    scenario.kept.remove(two)
    for each in (one, two):
        scenario.start(each, PUBLISH_DELAY_S=0.3, TICK_S=1)
    scenario.ready(two)
    scenario.produce()
    assert scenario.check_broken().lost


def test_two_workers_of_one_instance_id(scenario: Scenario) -> None:
    one = scenario.worker(0)
    scenario.produce()
    scenario.moved(2_000)
    # On another machine: its data directory is its own, so that no lock stands in the way.
    twin = scenario.starting(0, DATA_DIR=str(scenario.installation.directory / "elsewhere"))
    assert scenario.died(one) == Exit.FAIL_STOP
    scenario.kept.append(twin)
    scenario.ready(twin)
    scenario.check()


@pytest.mark.full
def test_a_twin_in_the_same_data_directory_is_refused(scenario: Scenario) -> None:
    scenario.worker(0)
    scenario.produce()
    twin = scenario.starting(0)
    assert twin.wait_end(30) == Exit.CONFIG
    assert "runs already" in twin.words()
    scenario.check()
