"""What makes a worker refuse to go on: topics or a group that are not those that its rows belong to."""

from collections.abc import Mapping

from aiokafka import TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as Place
from kafka.admin import OffsetSpec

from agents.errors import ConfigError
from agents.kafka import offsets as kafka_offsets
from agents.kafka.connection import admin
from agents.kafka.topics import check, partition_counts
from agents.settings import Settings
from agents.worker.owning.held import Held
from schemas.topics import Names

ANEW = "start with another FANPULSE_GROUP, which reads everything anew"

Ends = Mapping[TopicPartition, int]


def note(partitions: int) -> str:
    """Return what is kept beside committed offsets: fans change their partition with the number of partitions.

    >>> note(12)
    'partitions=12'
    """
    return f"partitions={partitions}"


def examine(settings: Settings, partitions: int) -> Ends:
    """Look at the topics and at the group; return the ends of all inputs.

    Raises:
        ConfigError: partition counts differ or changed, or an offset is beyond the end of its topic.
        UnavailableError: no broker answers.
    """
    names = settings.names
    places = [Place(topic, n) for topic in (*names.inputs, names.credits) for n in range(partitions)]
    with admin(settings) as client:
        if problems := check(settings, client=client):
            raise ConfigError("; ".join(problems))
        found = partition_counts(client, [names.changelog])[names.changelog]  # all are equal
        if found != partitions:
            raise ConfigError(f"topics have {found} partitions, and had {partitions} when this worker started; {ANEW}")
        committed = _committed(client, settings.group, places, partitions)
        ends = kafka_offsets.offsets(client, places, OffsetSpec.LATEST)
    for at, offset in committed.items():
        if offset > ends[at]:
            raise _recreated(at, offset, ends[at])
    return {TopicPartition(*at): end for at, end in ends.items()}


def check_applied(held: Held, names: Names, ends: Ends) -> None:
    """Hold the offsets that rows have applied against the ends: with a topic go its committed offsets, rows stay.

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
            raise _recreated(at, offset, ends[at])


def _committed(client: KafkaAdminClient, group: str, places: list[Place], partitions: int) -> dict[Place, int]:
    offsets = kafka_offsets.committed(client, group, places)
    notes = {entry.metadata for entry in client.list_group_offsets({group: list(offsets)})[group].values()}
    others = {said for said in notes if said and said != note(partitions)}
    if others:
        raise ConfigError(
            f"group {group} committed with {others.pop()}, and the topics have {partitions} now: "
            f"fans would be split between two partitions; {ANEW}"
        )
    return offsets


def _recreated(at: TopicPartition, offset: int, end: int) -> ConfigError:
    return ConfigError(
        f"offset {offset} of topic {at.topic}, partition {at.partition}, is beyond the topic's end {end}: "
        f"was it deleted and created anew? {ANEW}"
    )
