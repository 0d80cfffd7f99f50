"""What a worker refuses at its start would lose events, or never come to an end: shown by refusing nothing."""

import pytest

from agents.errors import Exit
from agents.kafka.connection import admin
from tests.chaos.ground.trial import Trial
from tests.ground.processes import Running, until

pytestmark = pytest.mark.full

REFUSALS = "refusals"


def stopped(trial: Trial) -> Running:
    """Run a worker without refusals for a while, and stop it."""
    one = trial.worker(0, REFUSALS)
    trial.feed(limit=4_000)
    trial.all_committed()
    trial.kept.remove(one)
    assert one.terminate() == Exit.OK
    return one


def test_more_partitions_without_refusals_are_found_by_the_takeover(trial: Trial) -> None:
    one = stopped(trial)
    with admin(trial.settings) as client:
        client.create_partitions({spec.name: 8 for spec in trial.settings.names.specs()})
    one.start()
    # A second guard: nothing is split, but it would be started again and again, and nobody would know why.
    assert one.wait_end(60) == Exit.FAIL_STOP
    assert "changelog key of another partition" in one.words()


def test_a_topic_created_anew_without_refusals(trial: Trial) -> None:
    one = stopped(trial)
    likes = trial.settings.names.inputs[0]
    with admin(trial.settings) as client:
        client.delete_topics([likes])
        until(lambda: likes not in client.list_topics(), 30, "the topic is gone")
    trial.installation.create_topics()
    one.start()
    one.wait_ready()
    trial.feed()
    trial.hold(5)
    trial.check_broken()
