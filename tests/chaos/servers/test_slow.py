"""A slow broker, and a backlog in which nearly every event is a new fan's: 1 kB to write for each."""

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.proxy import Proxy
from tests.chaos.fixtures.scenario import Scenario
from tests.chaos.fixtures.workload import Workload

SPEED = 4e6  # bytes a second: 20,000 events in 4 s, all of them in 12; a transaction may take 10
EVENTS = 80_000


@pytest.fixture
def backlog(scenario: Scenario) -> Scenario:
    """All is sent before a worker starts."""
    scenario.work = Workload(EVENTS)
    scenario.bars.clear()  # it waits for the proxy
    scenario.produce(rate=1e9, limit=EVENTS)
    scenario.all_sent()
    return scenario


def test_new_fans_over_a_slow_proxy(backlog: Scenario, proxy: Proxy) -> None:
    proxy.speed = SPEED
    backlog.worker(0, BROKER=proxy.address)
    backlog.check()
    assert backlog.result.deaths == 0


@pytest.mark.full
def test_new_fans_over_a_slow_proxy_in_one_transaction(backlog: Scenario, proxy: Proxy) -> None:
    proxy.speed = SPEED
    one = backlog.starting(0, "batch_limit", BROKER=proxy.address)
    assert one.wait_end(90) == Exit.FAIL_STOP
    assert "transaction" in one.words()
