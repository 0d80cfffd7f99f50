"""The broker in memory keeps the contract."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import TopicPartition

from agents.transport.broker import BatchReader, TransactionWriter
from agents.transport.group_metadata import GroupMetadata
from tests.contract.broker import BrokerUnderTest, KeyValue, OpenTransaction
from tests.contract.broker_contract import BrokerContract
from tests.support.memory_broker import MemoryBroker, MemoryReader, MemoryTransaction, MemoryWriter

GROUP = "g"


class Notes(defaultdict[str, str]):
    """The metadata of each topic."""

    def __missing__(self, topic: str) -> str:
        return f"note {topic}"


class Transaction:
    def __init__(self, transaction: MemoryTransaction) -> None:
        self.transaction = transaction

    async def append(self, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
        self.transaction.append(tp, records)

    async def commit(self) -> None:
        self.transaction.commit()

    async def abort(self) -> None:
        self.transaction.abort()


class Broker:
    def __init__(self) -> None:
        self.memory = MemoryBroker()

    async def create(self, topic: str, partitions: int = 1, *, compact: bool = False) -> None:
        self.memory.create(topic, partitions)

    async def delete(self, topic: str) -> None:
        self.memory.delete(topic)

    async def topic_id(self, topic: str) -> str:
        return self.memory.topic_ids[topic]

    async def produce(self, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
        self.memory.produce(tp, records)

    async def begin(self, transactional_id: str) -> OpenTransaction:
        return Transaction(self.memory.begin(transactional_id))

    async def delete_before(self, tp: TopicPartition, offset: int) -> None:
        self.memory.logs[tp].delete_before(offset)

    async def compact(self, tp: TopicPartition) -> None:
        self.memory.logs[tp].compact()

    async def join(self) -> GroupMetadata:
        return self.memory.join(GROUP)

    async def committed(self, tp: TopicPartition) -> tuple[int, str] | None:
        return self.memory.committed.get((GROUP, tp))

    async def writer(self, transactional_id: str) -> TransactionWriter:
        return MemoryWriter(self.memory, transactional_id, Notes())

    def reader(self) -> BatchReader:
        return MemoryReader(self.memory)


class TestMemoryBroker(BrokerContract):
    @asynccontextmanager
    async def connect(self) -> AsyncIterator[BrokerUnderTest]:
        yield Broker()
