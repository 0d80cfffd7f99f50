"""Topics are not those that the rows belong to: workers refuse to go on, and say why."""

import pytest
from kafka import TopicPartition

from agents.errors import Exit
from agents.kafka.connection import admin
from tests.chaos.ground.trial import Trial, metric
from tests.ground.processes import until


@pytest.mark.full
def test_more_partitions_of_one_topic_end_a_worker(trial: Trial) -> None:
    one = trial.worker(0)
    trial.feed(limit=4_000)
    trial.all_committed()
    with admin(trial.settings) as client:
        client.create_partitions({trial.settings.names.inputs[0]: 6})
    trial.kill(one)
    trial.kept.remove(one)
    one.start()
    assert one.wait_end(30) == Exit.CONFIG
    assert "partition counts differ" in one.words()


def test_more_partitions_of_all_topics_end_a_worker(trial: Trial) -> None:
    one = trial.worker(0)
    trial.feed(limit=4_000)
    trial.all_committed()
    trial.kill(one)
    trial.kept.remove(one)
    with admin(trial.settings) as client:
        client.create_partitions({spec.name: 8 for spec in trial.settings.names.specs()})
    one.start()
    assert one.wait_end(30) == Exit.CONFIG
    assert "committed with partitions=4, and the topics have 8 now" in one.words()


@pytest.mark.parametrize("running", [True, False], ids=["while a worker runs", "between two runs"])
def test_a_topic_deleted_and_created_anew_ends_a_worker(trial: Trial, *, running: bool) -> None:
    one = trial.worker(0)
    trial.feed(limit=4_000)
    trial.all_committed()
    if not running:
        assert one.terminate() == Exit.OK
    trial.kept.remove(one)
    with admin(trial.settings) as client:
        client.delete_topics([trial.settings.names.inputs[0]])
        until(lambda: trial.settings.names.inputs[0] not in client.list_topics(), 30, "the topic is gone")
    trial.installation.create_topics()
    if not running:
        one.start()
    assert one.wait_end(90) == Exit.CONFIG
    assert "deleted and created" in one.words() or "topics are missing" in one.words()
    one.start()
    assert one.wait_end(30) == Exit.CONFIG
    assert "deleted and created" in one.words()


def test_records_that_retention_took_are_counted(trial: Trial) -> None:
    likes = trial.settings.names.inputs[0]
    one = trial.worker(0)
    trial.feed(limit=4_000)
    trial.all_committed()
    assert one.terminate() == Exit.OK
    trial.kept.remove(one)
    trial.feed(limit=1_000)
    trial.all_sent()
    with admin(trial.settings) as client:
        up_to_the_end = {TopicPartition(likes, n): -1 for n in range(trial.settings.partitions)}
        client.delete_records(up_to_the_end)
    trial.feed(limit=1_000)
    one.start()
    one.wait_ready()
    trial.all_sent()
    until(lambda: "retention removed them" in one.words(), 30, "the loss is told")
    gone = sum(event["topic"] == "likes" for event in trial.work.lines[4_000:5_000])
    until(lambda: metric(one, 'fanpulse_lost_to_retention_total{topic="likes"}') == gone, 30, "the loss is counted")
