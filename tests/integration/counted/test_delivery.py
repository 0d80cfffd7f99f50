"""What the broker itself refuses: offsets of a stale generation, of a stranger, of a worker whose name was taken."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.errors import FailStopError
from agents.kafka.connection import aiokafka_options
from agents.transport.group_metadata import GroupMetadata, group_metadata_of, heartbeat_as_static_member
from agents.transport.transaction import OutputRecord, TransactionBatch
from agents.transport.writer import Writer
from agents.worker.preflight import Preflight
from tests.support.installation import Installation
from tests.support.reading import read

SESSION_MS = 6_000


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Let futures of fenced producers, which nobody asks any more, go here and not in the middle of something else."""
    yield
    gc.collect()


@asynccontextmanager
async def member(installation: Installation, instance: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Join the group as a static member, and have partitions."""
    settings = installation.settings()
    consumer = AIOKafkaConsumer(
        settings.names.leading_input, **aiokafka_options(settings), group_id=settings.group, group_instance_id=instance,
        enable_auto_commit=False, session_timeout_ms=SESSION_MS, heartbeat_interval_ms=500,
    )  # fmt: skip
    await consumer.start()
    try:
        await until_true(lambda: bool(consumer.assignment()))
        yield consumer
    finally:
        await consumer.stop()


async def until_true(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  what is waited for is aiokafka's
            await asyncio.sleep(0.05)


@asynccontextmanager
async def writer(installation: Installation, name: str = "w") -> AsyncIterator[Writer]:
    settings = installation.settings()
    one = Writer(
        aiokafka_options(settings), f"{settings.group}-{name}", Preflight(settings, settings.names, 4).metadata
    )
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


async def commit(one: Writer, installation: Installation, who: GroupMetadata, value: bytes, offset: int) -> None:
    names = installation.settings().names
    batch = TransactionBatch(1_700_000_000_000)
    batch.add(names.fan_flags, 0, OutputRecord(b"k", value))
    batch.offsets[TopicPartition(names.leading_input, 0)] = offset
    await one.write(batch, who)


async def stands_at(installation: Installation) -> int | None:
    """Return what the group has committed, by a client of its own."""
    settings = installation.settings()
    asker = AIOKafkaConsumer(**aiokafka_options(settings), group_id=settings.group, enable_auto_commit=False)
    await asker.start()
    try:
        at = TopicPartition(settings.names.leading_input, 0)
        asker.assign([at])
        found: int | None = await asker.committed(at)
        return found
    finally:
        await asker.stop()


def seen(installation: Installation) -> list[bytes | None]:
    settings = installation.settings()
    return [record.value for record in read(settings.broker, settings.names.fan_flags)]


WRONG = {
    "a generation that is over": lambda who: who._replace(generation=who.generation - 1),
    "a generation yet to come": lambda who: who._replace(generation=who.generation + 1),
    "a member that the group does not know": lambda who: who._replace(member_id="stranger-1"),
    "no member at all": lambda who: who._replace(member_id="", generation=5, instance_id=""),
    "another instance id": lambda who: who._replace(instance_id="twin"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_offsets_are_taken_from_a_member_of_this_generation_alone(
    installation: Installation, wrong: Callable[[GroupMetadata], GroupMetadata]
) -> None:
    installation.create_topics()

    async def scene() -> None:
        async with member(installation, "one") as consumer, writer(installation) as one:
            who = group_metadata_of(consumer._coordinator)
            await commit(one, installation, who, b"first", 7)
            with pytest.raises(FailStopError, match="StaleMemberError"):
                await commit(one, installation, wrong(who), b"second", 9)
        assert await stands_at(installation) == 7

    asyncio.run(scene())
    assert seen(installation) == [b"first"]


def test_a_member_that_missed_a_rebalance_cannot_commit(installation: Installation) -> None:
    installation.create_topics()

    async def scene() -> None:
        async with member(installation, "one") as consumer, writer(installation) as one:
            before = group_metadata_of(consumer._coordinator)
            async with member(installation, "two"):
                await until_true(lambda: consumer._coordinator.generation > before.generation)
                with pytest.raises(FailStopError, match="our generation is over"):
                    await commit(one, installation, before, b"late", 3)
                assert await stands_at(installation) is None

    asyncio.run(scene())
    assert seen(installation) == []


def test_a_second_writer_of_the_same_name_fences_the_first(installation: Installation) -> None:
    installation.create_topics()

    async def scene() -> None:
        async with member(installation, "one") as consumer, writer(installation) as first:
            who = group_metadata_of(consumer._coordinator)
            await commit(first, installation, who, b"of the first", 1)
            async with writer(installation) as second:
                with pytest.raises(FailStopError):
                    await commit(first, installation, who, b"too late", 2)
                await commit(second, installation, who, b"of the second", 2)
        assert await stands_at(installation) == 2

    asyncio.run(scene())
    assert seen(installation) == [b"of the first", b"of the second"]


def test_a_second_member_of_the_same_instance_id_is_told_to_the_first(installation: Installation) -> None:
    installation.create_topics()
    messages: list[str] = []

    async def scene() -> None:
        async with member(installation, "one") as first:
            heartbeat_as_static_member(first._coordinator, messages.append)
            async with member(installation, "one"):
                await until_true(lambda: bool(messages))

    asyncio.run(scene())
    assert "instance id 'one'" in messages[0]


def test_a_static_member_that_comes_back_in_time_changes_no_generation(installation: Installation) -> None:
    installation.create_topics()

    async def scene() -> None:
        generations: list[Any] = []
        async with member(installation, "other") as other:
            for _ in range(2):
                async with member(installation, "one") as one:
                    await until_true(lambda: one._coordinator.generation == other._coordinator.generation)
                    generations.append((one._coordinator.generation, one._coordinator.member_id))
        assert generations[0][0] == generations[1][0]
        assert generations[0][1] != generations[1][1]

    asyncio.run(scene())
