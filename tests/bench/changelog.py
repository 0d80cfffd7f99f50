"""A fans changelog of any size within seconds: one real row, copied under other keys and packed by the kernels."""

import asyncio
import time
from collections.abc import Iterator

import numpy as np
from aiokafka import AIOKafkaProducer

from agents.kafka.connection import aiokafka_options
from agents.kafka.partitioner import hash_keys
from agents.settings import Settings
from agents.transport.record_batch import BATCH_HEADER, PackedBatch
from agents.transport.transaction import TRANSACTION_BATCH_BYTES
from schemas.inputs.likes import LIKES
from schemas.row import Ints
from streams.wire.pack import pack
from streams.wire.records import ByteSlices
from tests.streams.histories import START, fan, new_task, process, publish, record

FIRST = 2 * 10**9  # of the fans' numbers: the load's own begin at 10**9
CHUNK = 100_000  # fans whose keys are made at once, and whose rows go into one transaction
IN_FLIGHT = 200  # batches until the next wait
DAY_MS = 86_400_000


def fan_ids(fans: int) -> Iterator[str]:
    """Yield the ids of the fans in the changelog."""
    return (f"weibo:{FIRST + n}" for n in range(fans))


def write_changelog(settings: Settings, fans: int, rows_a_batch: int = 0) -> None:
    """Write rows of so many fans of miot, whom readers know already and whose timers are weeks away.

    Args:
        settings: name the broker, the topic and its partition count.
        fans: how many.
        rows_a_batch: records of a batch, as compaction leaves few of them; 0: as many as fit, as a backlog writes.
    """
    asyncio.run(_write(settings, fans, rows_a_batch))


def template() -> bytes:
    """Return the row of a fan who liked once, a day ago, and was published."""
    task, at = new_task(), int(time.time() * 1000) - DAY_MS
    process(task, LIKES, [record(0, at - START)])
    publish(task)
    row = fan(task)
    assert row["seq"] == row["published_seq"]
    return bytes(row.tobytes())


async def _write(settings: Settings, fans: int, rows_a_batch: int) -> None:
    row, topic = template(), settings.names.changelog("fans")
    producer = AIOKafkaProducer(
        **aiokafka_options(settings),
        transactional_id=f"{topic}-bench",
        max_batch_size=TRANSACTION_BATCH_BYTES,
        linger_ms=0,
    )
    await producer.start()
    try:
        ids = fan_ids(fans)
        for first in range(0, fans, CHUNK):
            keys = [f"miot:{next(ids)}".encode() for _ in range(min(CHUNK, fans - first))]
            async with producer.transaction():
                await _send(producer, topic, _batches(row, keys, settings.partitions, rows_a_batch or CHUNK))
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, topic: str, batches: Iterator[tuple[int, PackedBatch]]) -> None:
    waiting = []
    for partition, batch in batches:
        waiting.append(await producer.send_batch(batch, topic, partition=partition))
        if len(waiting) == IN_FLIGHT:
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)


def _batches(row: bytes, keys: list[bytes], partitions: int, size: int) -> Iterator[tuple[int, PackedBatch]]:
    """Yield batches of at most ``size`` rows with their partitions, the partitions in turn."""
    now = int(time.time() * 1000)
    owned = hash_keys(keys) % partitions
    by_partition = [np.flatnonzero(owned == n) for n in range(partitions)]
    for start in range(0, max(map(len, by_partition)), size):
        for partition, places in enumerate(by_partition):
            some = [keys[i] for i in places[start : start + size].tolist()]
            if some:
                columns = ByteSlices.of(some), ByteSlices(np.frombuffer(row, np.uint8), *_same(len(some), len(row)))
                for n, data in pack([columns], TRANSACTION_BATCH_BYTES, BATCH_HEADER.size):
                    yield partition, PackedBatch(n, data, now)


def _same(n: int, size: int) -> tuple[Ints, Ints]:
    return np.zeros(n, np.int64), np.full(n, size, np.int64)
