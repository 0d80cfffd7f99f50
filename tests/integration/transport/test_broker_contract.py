"""The real broker keeps the contract that the one in memory keeps; a group and transactional ids for each claim."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as AdminTopicPartition

from agents.embedded.kafka import Kafka
from agents.kafka import offsets
from agents.kafka.topic_ids import topic_ids
from agents.transport.broker import BatchReader, TransactionWriter
from agents.transport.group_metadata import GroupMetadata, group_metadata_of
from agents.transport.reader import KafkaBatchReader
from agents.transport.writer import Writer
from tests.contract.broker import FILLER, IN, OUT, BrokerUnderTest, KeyValue, OpenTransaction
from tests.contract.broker_contract import DEADLINE_S, BrokerContract

COMPACTED = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"}
EVERY_S = 0.1

T = TypeVar("T")


class Transaction:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer

    async def append(self, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
        await send(self.producer, tp, records)

    async def commit(self) -> None:
        await self.producer.commit_transaction()

    async def abort(self) -> None:
        await self.producer.abort_transaction()


async def send(producer: AIOKafkaProducer, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
    batch = producer.create_batch()
    for key, value in records:
        assert batch.append(key=key, value=value, timestamp=None) is not None
    await (await producer.send_batch(batch, tp.topic, partition=tp.partition))


class Broker:
    """What is opened is closed with ``stack``, the newest first."""

    def __init__(self, bootstrap: str, stack: AsyncExitStack, reader: KafkaBatchReader) -> None:
        self.bootstrap, self.stack, self._reader = bootstrap, stack, reader
        self.mark = uuid4().hex[:8]
        self.members = 0
        self.topics: set[str] = set()
        self.plain: AIOKafkaProducer | None = None

    async def create(self, topic: str, partitions: int = 1, *, compact: bool = False) -> None:
        def create(client: KafkaAdminClient) -> None:
            configs = COMPACTED if compact else {}
            client.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}})
            client.wait_for_topics([topic])

        self.topics.add(topic)
        await self._admin(create)

    async def delete(self, topic: str) -> None:
        await self._admin(lambda client: client.delete_topics([topic]))
        self.topics.discard(topic)
        async with asyncio.timeout(DEADLINE_S):
            while await self._admin(lambda client: topic_ids(client, [topic])):  # noqa: ASYNC110  the broker's
                await asyncio.sleep(EVERY_S)

    async def topic_id(self, topic: str) -> str:
        return (await self._admin(lambda client: topic_ids(client, [topic])))[topic]

    async def produce(self, tp: TopicPartition, records: Sequence[KeyValue]) -> None:
        if self.plain is None:
            self.plain = await self.stack.enter_async_context(AIOKafkaProducer(bootstrap_servers=self.bootstrap))
        await send(self.plain, tp, records)

    async def begin(self, transactional_id: str) -> OpenTransaction:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, transactional_id=f"{self.mark}-{transactional_id}"
        )
        await self.stack.enter_async_context(producer)
        await producer.begin_transaction()
        return Transaction(producer)

    async def delete_before(self, tp: TopicPartition, offset: int) -> None:
        await self._admin(lambda client: client.delete_records({AdminTopicPartition(*tp): offset}))

    async def compact(self, tp: TopicPartition) -> None:
        async with asyncio.timeout(90):
            while True:  # the cleaner works when a segment is closed
                await self.produce(tp, [(FILLER, b"")])
                await asyncio.sleep(0.5)
                ends, keys = await self._reader.bounds([tp]), list[bytes | None]()
                async for _, batch in self._reader.read({tp: 0}, ends.end):
                    keys += [record.key for record in batch.records if record.key != FILLER]
                if len(keys) == len(set(keys)):
                    return

    async def join(self) -> GroupMetadata:
        self.members += 1
        consumer = AIOKafkaConsumer(
            IN.topic, bootstrap_servers=self.bootstrap, group_id=self.mark, group_instance_id=f"i{self.members}",
            enable_auto_commit=False, session_timeout_ms=6_000, heartbeat_interval_ms=100,
        )  # fmt: skip
        await self.stack.enter_async_context(consumer)
        async with asyncio.timeout(DEADLINE_S):
            while not consumer.assignment():  # noqa: ASYNC110  aiokafka's
                await asyncio.sleep(EVERY_S)
        return group_metadata_of(consumer._coordinator)

    async def committed(self, tp: TopicPartition) -> tuple[int, str] | None:
        at = AdminTopicPartition(*tp)
        entries = await self._admin(lambda client: offsets.committed_entries(client, self.mark, [at]))
        return (entries[at].offset, entries[at].metadata) if at in entries else None

    async def writer(self, transactional_id: str) -> TransactionWriter:
        writer = Writer({"bootstrap_servers": self.bootstrap}, f"{self.mark}-{transactional_id}", {})
        writer.metadata = {tp.topic: f"note {tp.topic}" for tp in (IN, OUT)}
        self.stack.push_async_callback(writer.stop)
        await writer.start()
        return writer

    def reader(self) -> BatchReader:
        return self._reader

    async def close(self) -> None:
        for topic in sorted(self.topics):
            await self.delete(topic)

    async def _admin(self, call: Callable[[KafkaAdminClient], T]) -> T:
        def run() -> T:
            with KafkaAdminClient(bootstrap_servers=self.bootstrap) as client:
                return call(client)

        return await asyncio.to_thread(run)


class TestKafka(BrokerContract):
    @pytest.fixture(autouse=True)
    def _kafka(self, kafka: Kafka) -> Iterator[None]:
        self.bootstrap = kafka.bootstrap
        yield
        gc.collect()  # futures of fenced producers, which nobody asks any more, go here and not inside another test

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[BrokerUnderTest]:
        async with AsyncExitStack() as stack:
            broker = Broker(
                self.bootstrap,
                stack,
                await stack.enter_async_context(KafkaBatchReader({"bootstrap_servers": self.bootstrap})),
            )
            stack.push_async_callback(broker.close)
            yield broker
