"""What one transaction writes: packed at once, because rows go on changing while it is on its way."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.errors import FailStopError
from agents.transport.record_batch import BATCH_HEADER, PackedBatch
from streams.wire.pack import pack
from streams.wire.records import ByteSlices

TRANSACTION_BATCH_BYTES = 900_000  # under the broker's default message.max.bytes


class OutputRecord(NamedTuple):
    """One record to write that has headers, or no key."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class TransactionBatch:
    """Records by partition, and the offsets that are committed with them: those that moved, or one that did not."""

    def __init__(self, now: int) -> None:
        """``now``: timestamp of the records where the topic keeps it, ms."""
        self.now = now
        self.packed: dict[TopicPartition, list[PackedBatch]] = defaultdict(list)
        self.single: dict[TopicPartition, list[OutputRecord]] = defaultdict(list)
        self.offsets: dict[TopicPartition, int] = {}

    def pack(self, topic: str, partition: int, records: Sequence[tuple[ByteSlices, ByteSlices]]) -> None:
        """Add columns of keys and values, which are copied; they share batches.

        Raises:
            FailStopError: one record is larger than a batch.
        """
        if not records:
            return
        try:
            batches = [
                PackedBatch(n, data, self.now) for n, data in pack(records, TRANSACTION_BATCH_BYTES, BATCH_HEADER.size)
            ]
        except ValueError as error:
            raise FailStopError(f"{error} for {topic} is larger than {TRANSACTION_BATCH_BYTES} bytes") from error
        if batches:  # columns may hold no row: scores that waited and were published meanwhile
            self.packed[TopicPartition(topic, partition)] += batches

    def add(self, topic: str, partition: int, record: OutputRecord) -> None:
        """Add one record that has headers, or no key."""
        self.single[TopicPartition(topic, partition)].append(record)

    def count(self) -> Iterator[tuple[str, int]]:
        """Yield topics and how many records go there."""
        for tp, batches in self.packed.items():
            yield tp.topic, sum(batch.record_count() for batch in batches)
        for tp, records in self.single.items():
            yield tp.topic, len(records)

    def __bool__(self) -> bool:
        return bool(self.offsets or self.packed or self.single)
