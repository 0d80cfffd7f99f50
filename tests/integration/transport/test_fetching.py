"""Blocks against stock aiokafka: the same records in the same order, over whatever a log may hold."""

import asyncio
import gc
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from agents.embedded.kafka import Kafka
from agents.transport.fetching import FetchedBatch, KeepsBytes, drain, next_batches

Kept = tuple[int, int, bytes | None, bytes | None]
COMPACTING = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"}


@pytest.fixture(params=[{}])
def topic(kafka: Kafka, request: pytest.FixtureRequest) -> str:
    """A topic; parametrized indirectly by its configuration."""
    name = f"blocks-{uuid4().hex[:8]}"
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as client:
        client.create_topics({name: {"num_partitions": 1, "replication_factor": 1, "configs": request.param}})
        client.wait_for_topics([name])
    return name


def kept(record: Any) -> Kept:
    return record.offset, record.timestamp, record.key, record.value


async def mixed(kafka: Kafka, at: TopicPartition) -> None:
    """Write committed, aborted and plain records, batches of many and of one, keys again and again, tombstones."""
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as plain:
        writer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"t-{at.topic}")
        async with writer:
            for n in range(30):
                await writer.begin_transaction()
                for k in range(n + 1):
                    await writer.send(at.topic, b"%d-%d" % (n, k), b"key-%d" % (k % 5), 0, headers=[("n", b"%d" % n)])
                    if n % 7 == 3 and k == 2:
                        await plain.send_and_wait(at.topic, b"between", b"plain", 0)
                await (writer.abort_transaction() if n % 3 == 1 else writer.commit_transaction())
            for kind in ("gzip", "snappy", "lz4", "zstd"):
                options = {"bootstrap_servers": kafka.bootstrap, "linger_ms": 20, "compression_type": kind}
                async with AIOKafkaProducer(**options) as small:
                    for k in range(20):
                        await small.send(at.topic, b"%d %s" % (k, kind.encode() * 30), b"key-%d" % (k % 3), 0)
            for k in range(3):
                await plain.send_and_wait(at.topic, None, b"key-%d" % k, 0)
            await writer.begin_transaction()
            await writer.send(at.topic, b"never", b"last", 0)
            await writer.flush()
            await writer.abort_transaction()  # the log ends in a marker


async def stock(kafka: Kafka, at: TopicPartition, isolation: str, start: int) -> tuple[list[Kept], int]:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, isolation_level=isolation) as consumer:
        consumer.assign([at])
        consumer.seek(at, start)
        end, found = (await consumer.end_offsets([at]))[at], []
        async with asyncio.timeout(60):
            while await consumer.position(at) < end:
                found += [kept(one) for some in (await consumer.getmany(timeout_ms=200)).values() for one in some]
        return found, end


async def ours(kafka: Kafka, at: TopicPartition, isolation: str, start: int, end: int) -> list[FetchedBatch]:
    options = {"isolation_level": isolation, "auto_offset_reset": "earliest", "max_partition_fetch_bytes": 1000}
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, **options) as consumer:
        consumer.assign([at])
        consumer.seek(at, start)
        batches: list[FetchedBatch] = []
        async with asyncio.timeout(60):
            while not batches or batches[-1].next_offset < end:
                found = drain(consumer._fetcher, None) or await next_batches(consumer._fetcher, None, 0.5)
                batches += found.values()
        return batches


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_blocks_hold_what_stock_aiokafka_delivers(kafka: Kafka, topic: str, isolation: str) -> None:
    async def scene() -> None:
        at = TopicPartition(topic, 0)
        await mixed(kafka, at)
        whole, end = await stock(kafka, at, isolation, 0)
        for start in (0, 1, 17, whole[len(whole) // 2][0], end - 1):
            batches = await ours(kafka, at, isolation, start, end)
            assert [kept(one) for batch in batches for one in batch.records] == [
                one for one in whole if one[0] >= start
            ]
            assert batches[0].offset == start
            assert [batch.offset for batch in batches[1:]] == [batch.next_offset for batch in batches[:-1]]
            assert batches[-1].next_offset == end

    asyncio.run(scene())


def test_a_block_that_nobody_holds_is_gone_without_the_collector(kafka: Kafka, topic: str) -> None:
    async def scene() -> None:
        at = TopicPartition(topic, 0)
        await mixed(kafka, at)
        end = (await stock(kafka, at, "read_committed", 0))[1]
        gc.collect()
        gc.disable()
        try:
            batches = await ours(kafka, at, "read_committed", 0, end)
            assert len(batches) > 1
            batches.clear()
            assert [one for one in gc.get_objects() if isinstance(one, KeepsBytes)] == []
        finally:
            gc.enable()

    asyncio.run(scene())


@pytest.mark.parametrize("topic", [COMPACTING], indirect=True, ids=["compacted"])
def test_compaction_leaves_holes_that_blocks_pass(kafka: Kafka, topic: str) -> None:
    async def scene() -> None:
        at = TopicPartition(topic, 0)
        await mixed(kafka, at)
        before, _ = await stock(kafka, at, "read_committed", 0)
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as plain, asyncio.timeout(90):
            whole, end = before, 0
            while len(whole) > len(before) // 2:  # the cleaner works when a segment is closed
                await plain.send_and_wait(at.topic, b"again", b"key-0", 0)
                await asyncio.sleep(0.5)
                whole, end = await stock(kafka, at, "read_committed", 0)
        batches = await ours(kafka, at, "read_committed", 0, end)
        records_read = [kept(one) for batch in batches for one in batch.records]
        again, _ = await stock(kafka, at, "read_committed", 0)
        assert {one[2]: one for one in records_read} == {one[2]: one for one in again if one[0] < end}
        assert any(b[0] - a[0] > 1 for a, b in pairwise(records_read))

    asyncio.run(scene())
