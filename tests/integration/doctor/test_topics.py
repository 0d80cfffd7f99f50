"""Topics that a real broker has otherwise than they must be: each fault has its own line and its own remedy."""

import time
from typing import Any

import pytest
from confluent_kafka import Producer
from kafka import TopicPartition
from kafka.admin import ConfigResource
from kafka.structs import OffsetAndMetadata

from agents.kafka.connection import admin
from agents.kafka.topics import partition_counts
from schemas.inputs.likes import LIKES
from tests.integration.doctor.asking import ask, finding
from tests.support.installation import Installation
from tests.support.processes import Processes, until

MANY = 100_500  # more than the doctor takes for granted


def altered(installation: Installation, name: str, **config: str) -> str:
    """Change a topic's configuration (``min__insync`` stands for min.insync); return its full name."""
    full = name if name.startswith("t") else installation.given["TOPIC_PREFIX"] + name
    wanted = {key.replace("__", "."): value for key, value in config.items()}
    with admin(installation.settings()) as client:
        client.alter_configs([ConfigResource("TOPIC", full, wanted)])

        def shown() -> bool:
            asked = [ConfigResource("TOPIC", full, list(wanted))]
            result = client.describe_configs(asked, config_filter="all")["topic"][full]
            return all(result[key]["value"] == value for key, value in wanted.items())

        until(shown, 30, f"the broker has {wanted}")
    return full


def test_a_missing_topic(installation: Installation) -> None:
    installation.create_topics()
    flags = installation.settings().names.fan_flags
    with admin(installation.settings()) as client:
        client.delete_topics([flags])
        until(lambda: not partition_counts(client, [flags]), 30, "it is gone")
    found = finding(ask(installation), "topics", "fail", f"topics are missing: {flags}")
    assert "fanpulse topics create" in found["remedy"]


def test_unequal_partition_counts(installation: Installation) -> None:
    installation.create_topics()
    likes = installation.settings().names.of(LIKES)
    with admin(installation.settings()) as client:
        client.create_partitions({likes: 5})
        until(lambda: partition_counts(client, [likes]) == {likes: 5}, 30, "the broker shows it")
    found = finding(ask(installation), "topics", "fail", "partition counts differ")
    assert f"5: {likes}" in found["message"]


@pytest.mark.parametrize("name", ["fan-scores", "changelog"])
def test_a_topic_that_must_be_compacted_and_is_not(installation: Installation, name: str) -> None:
    installation.create_topics()
    names = installation.settings().names
    full = altered(installation, names.changelog("fans") if name == "changelog" else name, cleanup__policy="delete")
    found = finding(
        ask(installation), "topics", "fail", f"topic {full} has cleanup.policy=delete and must have compact"
    )
    assert f"{full} --add-config cleanup.policy=compact" in found["remedy"]


def test_fewer_replicas_than_the_setting_says(installation: Installation) -> None:
    installation.create_topics()
    found = finding(ask(installation, REPLICATION=3), "topics", "fail", "FANPULSE_REPLICATION is 3")
    assert "kafka-reassign-partitions" in found["remedy"]


def test_a_topic_that_cannot_be_written_for_want_of_replicas(installation: Installation) -> None:
    installation.create_topics()
    full = altered(installation, "likes", min__insync__replicas="2")
    found = finding(ask(installation), "topics", "fail", f"{full} has min.insync.replicas=2 and 1 replica(s)")
    assert "min.insync.replicas=1" in found["remedy"]


@pytest.mark.parametrize("name", ["likes", "fan-scores"])
def test_a_topic_that_takes_no_batch_of_ours(installation: Installation, name: str) -> None:
    installation.create_topics()
    full = altered(installation, name, max__message__bytes="100000")
    found = finding(ask(installation), "topics", "fail", f"{full} accepts batches of up to 100000 bytes")
    assert "max.message.bytes" in found["remedy"]


def test_a_retention_that_loses_a_night(installation: Installation) -> None:
    installation.create_topics()
    full = altered(installation, "likes", retention__ms="3600000")
    finding(ask(installation), "topics", "warn", f"{full} keeps events for 1.0 h")


def test_timestamps_of_producers(installation: Installation) -> None:
    installation.create_topics()
    full = altered(installation, "likes", message__timestamp__type="CreateTime")
    found = finding(ask(installation), "topics", "warn", f"producers set the timestamps of {full}: ")
    assert "message.timestamp.type=LogAppendTime" in found["remedy"]


def send(installation: Installation, n: int, **more: Any) -> str:
    full = installation.settings().names.of(LIKES)
    options: dict[str, Any] = {"bootstrap.servers": installation.given["BROKER"], "linger.ms": 20}
    producer = Producer(options | {"queue.buffering.max.messages": 2 * MANY})
    for i in range(n):
        producer.produce(full, b"{}", b"miot:f", i % 4, **more)
        producer.poll(0)
    assert producer.flush(60) == 0
    return full


def test_events_that_retention_took(installation: Installation) -> None:
    installation.create_topics()
    full = send(installation, 40)
    with admin(installation.settings()) as client:
        client.alter_group_offsets(installation.given["GROUP"], {TopicPartition(full, 0): OffsetAndMetadata(2, "", -1)})
        client.delete_records({TopicPartition(full, 0): 5})
        finding(ask(installation), "workers", "fail", "retention deleted 3 events before they were scored")


def test_a_worker_that_does_nothing_while_events_wait(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    worker = processes.worker(SESSION_TIMEOUT_S=60)
    worker.freeze()
    try:
        send(installation, MANY)
        found = finding(ask(installation), "workers", "fail", "0 are scored per second")
        assert "must be started again" in found["remedy"]
    finally:
        worker.thaw()
    until(lambda: ask(installation).code == 0, 60, "it caught up")


def test_a_producer_whose_clock_is_ahead(installation: Installation) -> None:
    installation.create_topics()
    altered(installation, "likes", message__timestamp__type="CreateTime")
    send(installation, 1, timestamp=int(time.time() * 1000) + 900_000)
    found = finding(ask(installation), "clock", "fail", "s ahead of this machine's clock")
    assert "NTP" in found["remedy"]
