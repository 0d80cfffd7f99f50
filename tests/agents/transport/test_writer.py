"""Claims about the flush's own producer that need no broker."""

import asyncio

import pytest
from aiokafka import TopicPartition

from agents.errors import FailStopError, UnavailableError
from agents.supervise.ports import LOOPBACK, free_port
from agents.transport.load import Load, Out
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
        load = Load(0)
        load.pack_each("fan-scores", 0, [Out(b"k", b"v")])
        with pytest.raises(FailStopError, match="transaction without offsets"):
            await writer.write(load, MEMBER)
        return producer.steps

    assert asyncio.run(scenario()) == []


def test_offsets_are_committed_within_the_transaction() -> None:
    async def scenario() -> None:
        writer, producer = recording_writer()
        load = Load(0)
        load.pack_each("fan-scores", 0, [Out(b"k", b"v")])
        load.offsets[LIKES] = 0
        await writer.write(load, MEMBER)
        assert producer.steps == ["begin", "offsets", "commit"]
        assert producer.offsets == [{LIKES: 0}]

    asyncio.run(scenario())
