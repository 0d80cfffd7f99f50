"""Preflight checks on a real Kafka: topic ids and partition counts that a group's committed offsets speak of."""

import json

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from agents.errors import ConfigError
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import admin
from agents.kafka.offsets import committed_entries
from agents.kafka.topic_ids import topic_ids
from agents.settings import Settings
from agents.worker.preflight import Preflight
from schemas.inputs.reposts import REPOSTS
from tests.support.calling import call
from tests.support.installation import Installation
from tests.support.processes import Processes, until

PARTITIONS = 4
OTHER = "8qU6spvgTWyKKy8bijtdEQ"


def checks(settings: Settings) -> Preflight:
    return Preflight(settings, settings.names, PARTITIONS)


def recreate(client: KafkaAdminClient, topic: str) -> None:
    client.delete_topics([topic])
    until(lambda: topic not in client.list_topics(), 30, f"{topic} is deleted")
    wanted = {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": {"cleanup.policy": "delete"}}
    client.create_topics({topic: wanted}, wait_for_metadata=True)


def commit(client: KafkaAdminClient, group: str, at: TopicPartition, metadata: str) -> None:
    client.alter_group_offsets(group, {at: OffsetAndMetadata(0, metadata, -1)})


def test_a_worker_commits_partition_count_and_topic_id(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    settings = installation.settings()
    processes.worker()
    event = {"topic": "likes", "event_id": "e", "brand_id": "miot", "fan_id": "f", "platform": "weibo", "event_time": 1}
    assert call(installation, "load", "-", given=json.dumps(event)).code == 0
    likes = [TopicPartition(settings.names.leading_input, n) for n in range(PARTITIONS)]
    with admin(settings) as client:
        until(lambda: bool(committed_entries(client, settings.group, likes)), 30, "the offset is committed")
        found = {entry.metadata for entry in committed_entries(client, settings.group, likes).values()}
        assert found == {f"partitions=4 topic={topic_ids(client, [likes[0].topic])[likes[0].topic]}"}
    checks(settings).check({})


def test_a_topic_created_again_has_another_id_and_the_others_keep_theirs(installation: Installation) -> None:
    installation.create_topics()
    likes, *others = installation.settings().names.inputs
    with admin(installation.settings()) as client:
        before = topic_ids(client, [likes, *others, "no-such-topic"])
        recreate(client, likes)
        after = topic_ids(client, [likes, *others])
    assert [len(topic_id) for topic_id in before.values()] == [22] * 5
    assert after[likes] != before[likes]
    assert {name: after[name] for name in others} == {name: before[name] for name in others}


def test_a_topic_created_again_while_a_worker_runs_is_refused(installation: Installation) -> None:
    installation.create_topics()
    settings = installation.settings()
    started, likes = checks(settings), settings.names.leading_input
    started.check({})
    with admin(settings) as client:
        recreate(client, likes)
    with pytest.raises(ConfigError, match=f"topic {likes} was deleted and created again since this"):
        started.check({})


def test_an_offset_committed_of_another_topic_is_refused(installation: Installation) -> None:
    installation.create_topics()
    settings = installation.settings()
    now, at = checks(settings), TopicPartition(settings.names.of(REPOSTS), 2)
    with admin(settings) as client:
        commit(client, settings.group, at, str(now.metadata[at.topic]))
        now.check({})
        commit(client, settings.group, at, str(CommitMetadata(PARTITIONS, OTHER)))
    result = (
        f"{at.topic} was deleted and created again since group {settings.group} committed offset 0 of it: .*{OTHER}"
    )
    with pytest.raises(ConfigError, match=result) as refused:
        now.check({})
    assert "start with another FANPULSE_GROUP" in str(refused.value)
    assert refused.value.code == 78


def test_an_offset_committed_with_another_partition_count_is_refused(installation: Installation) -> None:
    installation.create_topics()
    settings = installation.settings()
    now, at = checks(settings), TopicPartition(settings.names.leading_input, 0)
    with admin(settings) as client:
        commit(client, settings.group, at, str(CommitMetadata(8, now.metadata[at.topic].topic_id)))
    with pytest.raises(ConfigError, match="committed with partitions=8, and the topics have 4 now"):
        now.check({})


@pytest.mark.parametrize("metadata", ["", "moved by hand"])
def test_an_offset_set_by_hand_is_a_starting_point(installation: Installation, metadata: str) -> None:
    installation.create_topics()
    settings = installation.settings()
    with admin(settings) as client:
        commit(client, settings.group, TopicPartition(settings.names.leading_input, 0), metadata)
    checks(settings).check({})
