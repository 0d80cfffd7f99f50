"""Where a group stands in its topics: begin, committed and end offsets, and the lag between them."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    UnstableOffsetCommitError,
)
from kafka.protocol.consumer import OffsetFetchRequest
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from agents.kafka.connection import BROKER_TIMEOUT_S

MOVING = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    UnstableOffsetCommitError,
)
COORDINATOR_RETRY_S = 0.1

OffsetAnswer = TypeVar("OffsetAnswer")


class Position(Struct, frozen=True):
    """One partition of one topic, as a group sees it."""

    topic: str
    partition: int
    begin: int  # the oldest record that is still there
    committed: int | None  # the next record that the group wants; None: it never committed
    end: int  # the next record that will be written

    @property
    def lag(self) -> int:
        """How many offsets the group has before it; a group that never committed has them all.

        >>> Position("likes", 0, 5, None, 9).lag, Position("likes", 0, 5, 7, 9).lag
        (4, 2)
        """
        return max(0, self.end - max(self.begin, self.committed or 0))

    @property
    def lost(self) -> int:
        """How many offsets retention took before the group read them.

        >>> Position("likes", 0, 5, 2, 9).lost
        3
        """
        return 0 if self.committed is None else max(0, self.begin - self.committed)


def positions(client: KafkaAdminClient, group: str, counts: dict[str, int]) -> list[Position]:
    """Return a group's position in every partition of some topics.

    Args:
        client: a connection.
        group: the consumer group; it need not exist.
        counts: the topics with their partition counts.
    """
    partitions = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
    # The group first: asked after the ends, it could stand beyond them.
    done = committed(client, group, partitions)
    begins = offsets(client, partitions, OffsetSpec.EARLIEST)
    ends = offsets(client, partitions, OffsetSpec.LATEST)
    return [Position(at.topic, at.partition, begins[at], done.get(at), ends[at]) for at in partitions]


def offsets(
    client: KafkaAdminClient, partitions: Sequence[TopicPartition], spec: OffsetSpec
) -> dict[TopicPartition, int]:
    """Return one offset of each partition, such as its first or its end."""
    found = client.list_partition_offsets(dict.fromkeys(partitions, spec))
    return {at: int(found[at].offset) for at in partitions}


def committed(client: KafkaAdminClient, group: str, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the offsets that a group has committed; partitions without are left out."""
    return {at: int(entry.offset) for at, entry in committed_entries(client, group, partitions).items()}


def committed_entries(
    client: KafkaAdminClient, group: str, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return the offsets that a group has committed, with their metadata; partitions without are left out."""
    return _set(_retried(lambda: client.list_group_offsets({group: list(partitions)})[group]))


def stable_entries(
    client: KafkaAdminClient, group: str, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return what a group has committed once no transaction that commits for it is undecided.

    kafka-python's admin client cannot ask for that (``require_stable`` of OffsetFetch, version 7 and later): without
    it, an answer may be older than a transaction whose markers are still being written.
    """
    topics: dict[str, list[int]] = {}
    for at in partitions:
        topics.setdefault(at.topic, []).append(at.partition)
    one, many = OffsetFetchRequest, OffsetFetchRequest.OffsetFetchRequestGroup
    request = OffsetFetchRequest(
        group_id=group,
        topics=[one.OffsetFetchRequestTopic(name=name, partition_indexes=numbers) for name, numbers in topics.items()],
        groups=[
            many(
                group_id=group,
                topics=[
                    many.OffsetFetchRequestTopics(name=name, partition_indexes=numbers)
                    for name, numbers in topics.items()
                ],
            )
        ],
        require_stable=True,
        min_version=7,
        max_version=8,
    )

    async def fetch() -> dict[TopicPartition, OffsetAndMetadata]:
        coordinators = await client._find_coordinator_ids([group])
        response = await client._manager.send(request, node_id=coordinators[group])
        found: dict[TopicPartition, OffsetAndMetadata] = client._list_group_offsets_process_response(response, group)[
            group
        ]
        return found

    return _set(_retried(partial(client._manager.run, fetch)))


def members(client: KafkaAdminClient, group: str) -> int:
    """Return how many members a group has; a static member counts until its session ends."""
    return len(_retried(lambda: client.describe_groups([group]))[group]["members"])


def _set(entries: dict[TopicPartition, OffsetAndMetadata]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {at: entry for at, entry in entries.items() if entry.offset >= 0}


def _retried(ask: Callable[[], OffsetAnswer]) -> OffsetAnswer:
    """Ask the group's coordinator; a young broker is still creating the topic of all groups."""
    deadline = time.monotonic() + BROKER_TIMEOUT_S
    while True:
        try:
            return ask()
        except MOVING:
            if time.monotonic() > deadline:
                raise
            time.sleep(COORDINATOR_RETRY_S)
