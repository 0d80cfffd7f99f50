"""Topics are not those that the rows belong to: workers refuse to go on, and say why."""

import pytest
from kafka import TopicPartition

from agents.errors import Exit
from agents.kafka.connection import admin
from tests.chaos.fixtures.scenario import Scenario, metric
from tests.support.processes import until
from tests.support.reading import written


@pytest.mark.full
def test_more_partitions_of_one_topic_end_a_worker(scenario: Scenario) -> None:
    one = scenario.worker(0)
    scenario.produce(limit=4_000)
    scenario.all_committed()
    with admin(scenario.settings) as client:
        client.create_partitions({scenario.settings.names.leading_input: 6})
    scenario.kill(one)
    scenario.kept.remove(one)
    one.start()
    assert one.wait_end(30) == Exit.CONFIG
    assert "partition counts differ" in one.words()


def test_more_partitions_of_all_topics_end_a_worker(scenario: Scenario) -> None:
    one = scenario.worker(0)
    scenario.produce(limit=4_000)
    scenario.all_committed()
    scenario.kill(one)
    scenario.kept.remove(one)
    with admin(scenario.settings) as client:
        client.create_partitions({spec.name: 8 for spec in scenario.settings.names.specs()})
    one.start()
    assert one.wait_end(30) == Exit.CONFIG
    assert "committed with partitions=4, and the topics have 8 now" in one.words()


@pytest.mark.parametrize("running", [True, False], ids=["while a worker runs", "between two runs"])
def test_a_topic_deleted_and_created_anew_ends_a_worker(scenario: Scenario, *, running: bool) -> None:
    one = scenario.worker(0)
    scenario.produce(limit=4_000)
    scenario.all_committed()
    if not running:
        assert one.terminate() == Exit.OK
    scenario.kept.remove(one)
    with admin(scenario.settings) as client:
        client.delete_topics([scenario.settings.names.leading_input])
        until(lambda: scenario.settings.names.leading_input not in client.list_topics(), 30, "the topic is gone")
    scenario.installation.create_topics()
    if not running:
        one.start()
    assert one.wait_end(90) == Exit.CONFIG
    assert "deleted and created" in one.words() or "topics are missing" in one.words()
    one.start()
    assert one.wait_end(30) == Exit.CONFIG
    assert "deleted and created" in one.words()


def test_records_that_retention_took_are_counted(scenario: Scenario) -> None:
    likes = scenario.settings.names.leading_input
    one = scenario.worker(0)
    scenario.produce(limit=4_000)
    scenario.all_committed()
    assert one.terminate() == Exit.OK
    scenario.kept.remove(one)
    scenario.produce(limit=1_000)
    scenario.all_sent()
    with admin(scenario.settings) as client:
        up_to_the_end = {TopicPartition(likes, n): -1 for n in range(scenario.settings.partitions)}
        client.delete_records(up_to_the_end)
    scenario.produce(limit=1_000)
    one.start()
    one.wait_ready()
    scenario.all_sent()
    until(lambda: "retention removed them" in one.words(), 30, "the loss is logged")
    removed = sum(event["topic"] == "likes" for event in scenario.work.lines[4_000:5_000])
    until(lambda: metric(one, 'fanpulse_lost_to_retention_total{topic="likes"}') == removed, 30, "the loss is counted")


def test_a_topic_created_again_that_has_outgrown_the_old_offsets_is_refused(scenario: Scenario) -> None:
    # Deleting a topic deletes its committed offsets, so only its id can show what happened.
    likes, settings = scenario.settings.names.leading_input, scenario.settings
    one = scenario.worker(0)
    scenario.produce(limit=4_000)
    scenario.all_committed()
    assert one.terminate() == Exit.OK
    scenario.kept.remove(one)
    before = written(settings.broker, [likes])
    with admin(settings) as client:
        client.delete_topics([likes])
        until(lambda: likes not in client.list_topics(), 30, "the topic is gone")
    scenario.installation.create_topics()
    scenario.produce(rate=50_000, limit=12_000)
    scenario.all_sent()
    assert written(settings.broker, [likes]) > 2 * before
    for _ in range(2):  # a restart does not get over it
        one.start()
        assert one.wait_end(60) == Exit.CONFIG
        assert f"topic {likes} was deleted and created again since the rows took in" in one.words(5)


def test_a_worker_goes_on_after_a_topic_was_missing(scenario: Scenario) -> None:
    # A static member that comes back gets the assignment of its generation: without likes it had no task, and idled.
    likes, settings = scenario.settings.names.leading_input, scenario.settings
    one = scenario.worker(0, SESSION_TIMEOUT_S=30)
    scenario.kept.remove(one)
    with admin(settings) as client:
        client.delete_topics([likes])
        until(lambda: likes not in client.list_topics(), 30, "the topic is gone")
    assert one.wait_end(90) in {Exit.CONFIG, Exit.FAIL_STOP}  # the rebalance or the next commit finds it first
    scenario.installation.create_topics()
    scenario.start(one)
    scenario.ready(one)
    scenario.produce()
    scenario.check()
