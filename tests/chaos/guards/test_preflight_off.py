"""What a worker refuses at its start would lose events, or never come to an end: shown without its preflight checks."""

import pytest

from agents.errors import Exit
from agents.kafka.connection import admin
from tests.chaos.fixtures.scenario import Scenario
from tests.support.processes import Running, until

pytestmark = pytest.mark.full

PREFLIGHT = "preflight_checks"


def stopped(scenario: Scenario) -> Running:
    """Run a worker without preflight checks for a while, and stop it."""
    one = scenario.worker(0, PREFLIGHT)
    scenario.produce(limit=4_000)
    scenario.all_committed()
    scenario.kept.remove(one)
    assert one.terminate() == Exit.OK
    return one


def test_more_partitions_without_preflight_checks_are_found_by_the_restore(scenario: Scenario) -> None:
    one = stopped(scenario)
    with admin(scenario.settings) as client:
        client.create_partitions({spec.name: 8 for spec in scenario.settings.names.specs()})
    one.start()
    # A second guard: nothing is split, but it would be started again and again, and nobody would know why.
    assert one.wait_end(60) == Exit.FAIL_STOP
    assert "changelog key of another partition" in one.words()


def test_a_topic_created_again_without_preflight_checks(scenario: Scenario) -> None:
    one = stopped(scenario)
    likes = scenario.settings.names.leading_input
    with admin(scenario.settings) as client:
        client.delete_topics([likes])
        until(lambda: likes not in client.list_topics(), 30, "the topic is gone")
    scenario.installation.create_topics()
    one.start()
    one.wait_ready()
    scenario.produce()
    scenario.hold(5)
    scenario.check_broken()
