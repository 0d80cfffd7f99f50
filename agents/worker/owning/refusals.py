"""Preflight checks: a worker refuses to go on with topics or a group that its rows do not belong to."""

from collections.abc import Mapping

from aiokafka import TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as Place
from kafka.admin import OffsetSpec

from agents.errors import ConfigError
from agents.kafka import offsets as kafka_offsets
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import admin
from agents.kafka.topic_ids import topic_ids
from agents.kafka.topics import check, partition_counts
from agents.settings import Settings
from agents.worker.owning.held import Held
from schemas.topics import Names

NEW_GROUP = "start with another FANPULSE_GROUP, which reads everything from the beginning"

Ends = Mapping[TopicPartition, int]


def commit_metadata(settings: Settings, partitions: int) -> dict[str, CommitMetadata]:
    """Return the metadata to commit with the offsets of each topic that workers read, as the topics are now.

    Raises:
        UnavailableError, ConfigError: no broker answers, or it does not let us see a topic.
    """
    names = settings.names
    with admin(settings) as client:
        ids = topic_ids(client, (*names.inputs, names.credits, names.ticks))
    return {name: CommitMetadata(partitions, topic_id) for name, topic_id in ids.items()}


def examine(settings: Settings, partitions: int, expected: Mapping[str, CommitMetadata]) -> Ends:
    """Check the topics and the group; return the ends of all inputs.

    Args:
        settings: name the broker, the topics and the group.
        partitions: the partition count when this process started.
        expected: what this process commits with the offsets of each topic, from ``commit_metadata``.

    Raises:
        ConfigError: partition counts differ or changed, an offset is beyond the end of its topic, or a topic is not
            the one that this process or an earlier one read.
        UnavailableError: no broker answers.
    """
    names = settings.names
    inputs = (*names.inputs, names.credits)
    places = [Place(topic, n) for topic in inputs for n in range(partitions)]
    with admin(settings) as client:
        if problems := check(settings, client=client):
            raise ConfigError("; ".join(problems))
        found = partition_counts(client, [names.changelog])[names.changelog]  # all are equal
        if found != partitions:
            raise ConfigError(
                f"topics have {found} partitions, and had {partitions} when this worker started; {NEW_GROUP}"
            )
        ids = topic_ids(client, inputs)
        for topic in inputs:
            if not expected[topic].is_same_topic(ids.get(topic, "")):
                raise _recreated(topic, f"since this worker started: its id was {expected[topic].topic_id}", ids[topic])
        committed = _committed(client, settings.group, places, partitions, ids)
        ends = kafka_offsets.offsets(client, places, OffsetSpec.LATEST)
    for at, offset in committed.items():
        if offset > ends[at]:
            raise _beyond_end(at, offset, ends[at])
    return {TopicPartition(*at): end for at, end in ends.items()}


def check_applied(held: Held, names: Names, ends: Ends) -> None:
    """Check the offsets that rows have applied: Kafka deletes committed offsets with their topic, rows stay.

    Raises:
        ConfigError: rows know records that their topic does not have.
    """
    fans = held.partition.fans
    if not len(fans):
        return
    applied = fans.columns.rows["position"][: len(fans)].max(axis=0).tolist()
    for topic, offset in zip((*names.inputs, names.credits), applied, strict=True):
        at = TopicPartition(topic, held.number)
        if offset > ends[at]:
            raise _beyond_end(at, offset, ends[at])


def _committed(
    client: KafkaAdminClient, group: str, places: list[Place], partitions: int, ids: Mapping[str, str]
) -> dict[Place, int]:
    """Return the committed offsets, which must be of these topics; one without our metadata was set by hand."""
    found = kafka_offsets.committed_entries(client, group, places)
    for at, entry in found.items():
        metadata = CommitMetadata.parse(entry.metadata)
        if metadata is None:
            continue
        if metadata.partitions != partitions:
            raise ConfigError(
                f"group {group} committed with partitions={metadata.partitions}, and the topics have {partitions} now: "
                f"fans would be split between two partitions; {NEW_GROUP}"
            )
        if not metadata.is_same_topic(ids.get(at.topic, "")):
            since = f"since group {group} committed offset {entry.offset} of it: its id was {metadata.topic_id}"
            raise _recreated(at.topic, since, ids[at.topic])
    return {at: int(entry.offset) for at, entry in found.items()}


def _recreated(topic: str, since: str, topic_id: str) -> ConfigError:
    return ConfigError(f"topic {topic} was deleted and created again {since}, and is {topic_id} now; {NEW_GROUP}")


def _beyond_end(at: TopicPartition, offset: int, end: int) -> ConfigError:
    return ConfigError(
        f"offset {offset} of topic {at.topic}, partition {at.partition}, is beyond the topic's end {end}: "
        f"was it deleted and created again? {NEW_GROUP}"
    )
