"""What a test of the contract does with a broker."""

from collections.abc import Sequence
from typing import Protocol

from aiokafka import TopicPartition

from agents.transport.broker import BatchReader, TransactionWriter
from agents.transport.group_metadata import GroupMetadata

KeyValue = tuple[bytes | None, bytes | None]
FILLER = b"filler"
OUT, IN = TopicPartition("out", 0), TopicPartition("in", 0)


class OpenTransaction(Protocol):
    """A transaction of any program, not decided yet."""

    async def append(self, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
        """Write records, durably."""

    async def commit(self) -> None:
        """Decide it."""

    async def abort(self) -> None:
        """Decide it."""


class BrokerUnderTest(Protocol):
    """A broker with nothing on it that the test did not put there; names of topics are the test's own."""

    async def create(self, topic: str, partitions: int = 1, *, compact: bool = False) -> None:
        """Create a topic."""

    async def delete(self, topic: str) -> None:
        """Delete a topic, and wait until it is gone."""

    async def topic_id(self, topic: str) -> str:
        """Return a topic's id."""

    async def produce(self, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
        """Append records as one batch, outside of transactions."""

    async def begin(self, transactional_id: str) -> OpenTransaction:
        """Begin a transaction."""

    async def delete_before(self, tp: TopicPartition, offset: int) -> None:
        """Move the earliest offset, as retention does."""

    async def compact(self, tp: TopicPartition) -> None:
        """Wait until of each key but ``FILLER`` only the newest record is left; records of ``FILLER`` may be added."""

    async def join(self) -> GroupMetadata:
        """Begin another generation of the group with a new member."""

    async def committed(self, tp: TopicPartition) -> tuple[int, str] | None:
        """Return the offset and the metadata that the group committed."""

    async def writer(self, transactional_id: str) -> TransactionWriter:
        """Return a writer, connected, that commits ``note TOPIC`` as the metadata of an offset."""

    def reader(self) -> BatchReader:
        """Return a reader, connected."""
