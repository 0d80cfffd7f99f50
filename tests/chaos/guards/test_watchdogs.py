"""Every hang becomes an exit; with its watchdog switched off a worker hangs forever."""

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.proxy import Api, Proxy
from tests.chaos.fixtures.scenario import Make, Scenario
from tests.support.processes import Running

pytestmark = pytest.mark.full

LIMIT_S = 8  # that the scenario gives the watchdog
START_S = 40.0  # in addition: start, join, on a busy machine
TRANSACTION_S = 20.0  # after which the flush's own watchdog ends a worker


def ends_alone(scenario: Scenario, one: Running, words: str) -> None:
    """Hold a worker to its watchdog."""
    assert one.wait_end(LIMIT_S + START_S) == Exit.FAIL_STOP
    assert words in one.words()
    scenario.result.deaths += 1


def hangs(scenario: Scenario, one: Running, seconds: float = 4 * LIMIT_S) -> None:
    """See that a worker does nothing about it, though it was there for several times as long."""
    scenario.hold(seconds)
    assert one.child.is_running, f"it ended without the watchdog:\n{one.words()}"


def goes_on(scenario: Scenario, one: Running) -> None:
    """Let it live, once the fault is over, and count."""
    scenario.kept.append(one)
    if scenario.load is None or scenario.load.is_over:
        scenario.produce()
    scenario.ready(one)
    scenario.check()


def test_a_restore_that_hangs(scenario: Scenario, proxy: Proxy) -> None:
    first = scenario.worker(0)
    scenario.produce(limit=3_000)
    scenario.all_committed()
    scenario.kept.remove(first)
    assert first.terminate() == Exit.OK
    proxy.cut(Api.FETCH, "requests", scenario.settings.names.changelog("fans"))
    settings = {"BROKER": proxy.address, "RECOVERY_TIMEOUT_S": LIMIT_S}
    ends_alone(scenario, scenario.starting(0, "", **settings), "FANPULSE_RECOVERY_TIMEOUT_S")
    other = scenario.starting(0, "restore_watchdog", **settings)
    hangs(scenario, other)
    proxy.heal()
    goes_on(scenario, other)


def test_a_backlog_that_is_not_fetched(make: Make, proxy: Proxy) -> None:
    # One partition, so that the backlog is more than one fetch brings of it: the lag is known, and stands.
    scenario = make("a backlog that is not fetched", PARTITIONS=1)
    settings = {"BROKER": proxy.address, "STALL_TIMEOUT_S": LIMIT_S}
    scenario.produce(rate=50_000, limit=20_000)
    scenario.all_sent()
    proxy.cut(Api.FETCH, "requests", scenario.settings.names.leading_input, passed=1)
    ends_alone(scenario, scenario.starting(0, "", **settings), "FANPULSE_STALL_TIMEOUT_S")
    proxy.cut(Api.FETCH, "requests", scenario.settings.names.leading_input, passed=1)
    other = scenario.starting(0, "stall_watchdog", **settings)
    hangs(scenario, other)
    proxy.heal()
    goes_on(scenario, other)


def test_an_event_loop_that_is_blocked(scenario: Scenario) -> None:
    settings = {"LOOP_TIMEOUT_S": LIMIT_S, "TEST_BLOCK_AT": "collected:20"}
    scenario.produce()
    one = scenario.starting(0, "", **settings)
    ends_alone(scenario, one, "event loop blocked")
    assert "tests/support/faults.py" in one.words(), "where it was blocked is logged"
    other = scenario.starting(1, "loop_watchdog", **settings)
    hangs(scenario, other)
    assert other.words().count("restored 4 partitions") == 1
    other.kill()
    scenario.result.deaths += 1
    other.start(TEST_BLOCK_AT="")
    goes_on(scenario, other)


def test_a_commit_that_nobody_answers(scenario: Scenario, proxy: Proxy) -> None:
    one = scenario.worker(0, "flush_watchdog", BROKER=proxy.address, STALL_TIMEOUT_S=600)
    scenario.produce()
    scenario.moved(2_000)
    proxy.cut(Api.END_TXN, "requests")
    hangs(scenario, one, TRANSACTION_S + LIMIT_S)  # with it: tests/chaos/servers/test_writes.py
    proxy.heal()
    scenario.moved(2_000)  # it asks again when its own patience with the broker is over
    scenario.check()
