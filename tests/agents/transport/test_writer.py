"""Claims about the flush's own producer that need no broker."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from agents.errors import FailStopError, UnavailableError
from agents.supervise.ports import LOOPBACK, free_port
from agents.transport.transaction import OutputRecord, TransactionBatch
from agents.transport.writer import Writer
from tests.agents.transport.recording import MEMBER, recording_writer

LIKES = TopicPartition("likes", 0)


def test_a_broker_that_went_away_before_it_began_is_one_sentence() -> None:
    async def start() -> None:
        await Writer({"bootstrap_servers": f"{LOOPBACK}:{free_port()}"}, "w", {}).start()

    with pytest.raises(UnavailableError, match="no Kafka broker answers: "):
        asyncio.run(start())


def test_a_transaction_without_offsets_is_refused_before_it_begins() -> None:
    async def scenario() -> list[str]:
        writer, producer = recording_writer()
        batch = TransactionBatch(0)
        batch.add("fan-scores", 0, OutputRecord(b"k", b"v"))
        with pytest.raises(FailStopError, match="transaction without offsets"):
            await writer.write(batch, MEMBER)
        return producer.steps

    assert asyncio.run(scenario()) == []


def test_offsets_are_committed_within_the_transaction() -> None:
    async def scenario() -> None:
        writer, producer = recording_writer()
        batch = TransactionBatch(0)
        batch.add("fan-scores", 0, OutputRecord(b"k", b"v"))
        batch.offsets[LIKES] = 0
        await writer.write(batch, MEMBER)
        assert producer.steps == ["begin", "offsets", "commit"]
        assert producer.offsets == [{LIKES: 0}]

    asyncio.run(scenario())


def test_offsets_are_sent_after_every_batch_is_acknowledged() -> None:
    """Else a restore that reads up to the high watermark could miss rows whose offsets are committed."""

    async def scenario() -> None:
        writer, producer = recording_writer()
        waiting: list[asyncio.Future[SimpleNamespace]] = []

        async def send(batch: object, topic: str, *, partition: int) -> asyncio.Future[SimpleNamespace]:
            waiting.append(asyncio.get_running_loop().create_future())
            return waiting[-1]

        producer.send_batch = send  # type: ignore[method-assign]
        batch = TransactionBatch(0)
        batch.add("fan-scores", 0, OutputRecord(b"k", b"v"))
        batch.add("g-fans-changelog", 0, OutputRecord(b"k", b"v"))
        batch.offsets[LIKES] = 1
        writing = asyncio.ensure_future(writer.write(batch, MEMBER))
        for n in (0, 1):
            for _ in range(20):
                await asyncio.sleep(0)
            assert len(waiting) == 2
            assert producer.steps == ["begin"]
            waiting[n].set_result(SimpleNamespace(offset=n))
        assert len(await writing) == 2
        assert producer.steps == ["begin", "offsets", "commit"]

    asyncio.run(scenario())
