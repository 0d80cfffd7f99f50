"""A producer that records a transaction's steps in place of a broker."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from agents.transport.group_metadata import GroupMetadata
from agents.transport.writer import Writer

MEMBER = GroupMetadata("g", 1, "m", "i")


class RecordingBatch:
    """Takes every record."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Any]] = []

    def append(self, **record: Any) -> object:
        """Add a record."""
        self.records.append(record)
        return record

    def record_count(self) -> int:
        """Return how many there are."""
        return len(self.records)


class RecordingProducer:
    """Keeps, of each transaction, the topics it wrote to and the offsets it committed."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.topics: list[set[str]] = []
        self.offsets: list[dict[TopicPartition, int]] = []
        self._sender = SimpleNamespace(sender_task=asyncio.get_running_loop().create_future())

    async def begin_transaction(self) -> None:
        """Record the beginning."""
        self.steps.append("begin")
        self.topics.append(set())

    def create_batch(self) -> RecordingBatch:
        """Return an empty batch."""
        return RecordingBatch()

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[SimpleNamespace]:
        """Record where it goes; it is durable at once."""
        assert batch.record_count()
        self.topics[-1].add(topic)
        done = asyncio.get_running_loop().create_future()
        done.set_result(SimpleNamespace(offset=len(self.topics)))
        return done

    async def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, Any], group: str) -> None:
        """Record the offsets without their metadata."""
        self.steps.append("offsets")
        self.offsets.append({tp: offset for tp, (offset, _) in offsets.items()})

    async def commit_transaction(self) -> None:
        """Record the end."""
        self.steps.append("commit")


def recording_writer() -> tuple[Writer, RecordingProducer]:
    """Return a writer whose producer records; there must be an event loop."""
    writer, producer = Writer.__new__(Writer), RecordingProducer()
    writer.metadata, writer._producer = defaultdict(lambda: "partitions=1"), producer
    return writer, producer
