"""What a worker needs of a broker in addition to its group membership: to write transactions, and to read to an end.

The tests have a broker in memory that keeps the same contract (``tests/contract``).
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from typing import NamedTuple, Protocol

from aiokafka import TopicPartition

from agents.transport.fetching import FetchedBatch
from agents.transport.group_metadata import GroupMetadata
from agents.transport.transaction import TransactionBatch

Offsets = Mapping[TopicPartition, int]


class Bounds(NamedTuple):
    """The earliest offset of each partition, and its high watermark: the next offset, open transactions included."""

    earliest: dict[TopicPartition, int]
    end: dict[TopicPartition, int]


class TransactionWriter(Protocol):
    """Writes transactions, fenced by the generation of a consumer group."""

    async def write(self, batch: TransactionBatch, member: GroupMetadata) -> dict[TopicPartition, int]:
        """Write all of it in one transaction; return the offset of the last batch written to each partition.

        Raises:
            FailStopError: it has no offsets, ``member`` is not of the group's current generation, it was not written,
                or nobody can say.
        """


class BatchReader(Protocol):
    """Reads record batches of partitions, committed records only."""

    async def bounds(self, tps: Collection[TopicPartition]) -> Bounds:
        """Return where partitions begin and end now."""

    def read(self, starts: Offsets, ends: Offsets) -> AsyncGenerator[tuple[TopicPartition, FetchedBatch], None]:
        """Yield the batches of each partition from its start on, until all before its end is read.

        What is before an end may belong to an open transaction: its outcome is waited for. A start that retention has
        removed becomes the earliest offset. The last batch of a partition may go beyond its end.
        """
