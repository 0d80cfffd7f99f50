"""What the serve process asks the broker: the topics that exist, end and committed offsets, the number of workers."""

import asyncio
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    GroupCoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorForGroupError,
)
from msgspec import Struct

from agents.errors import ConfigError, FanpulseError, UnavailableError
from agents.kafka.connection import admin, aiokafka_options
from agents.settings import Settings

Result = TypeVar("Result")

REQUEST_TIMEOUT_MS = 5000
OK, GROUP_ID_NOT_FOUND, MEMBERS = 0, 69, 5  # Kafka's error codes; index of the members in a group's description
# The offsets topic of a new cluster is still being created, or the coordinator moves to another broker.
COORDINATOR_MOVING = (CoordinatorLoadInProgressError, GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError)


class PipelineTopics(Struct, frozen=True):
    """The output and input topics as they exist on the broker."""

    id: str  # the outputs' topic ids: another id means other records at the same offsets
    outputs: list[TopicPartition]
    inputs: list[TopicPartition]


async def describe_topics(settings: Settings) -> PipelineTopics:
    """Ask the broker for the topics.

    Raises:
        UnavailableError: no broker answers.
        ConfigError: a topic is missing.
    """
    names = settings.names
    outputs, inputs = [names.fan_scores, names.fan_flags], list(names.public_inputs)
    topics = await _in_thread(lambda: _topic_descriptions(settings, outputs + inputs))
    if missing := [name for name in outputs + inputs if name not in topics]:
        raise ConfigError(f"topics are missing: {', '.join(missing)}; `fanpulse topics create` makes them")
    return PipelineTopics(
        ",".join(str(topics[name]["topic_id"]) for name in outputs),
        [TopicPartition(name, n) for name in outputs for n in range(len(topics[name]["partitions"]))],
        [TopicPartition(name, n) for name in inputs for n in range(len(topics[name]["partitions"]))],
    )


def _topic_descriptions(settings: Settings, names: list[str]) -> dict[str, dict[str, Any]]:
    with admin(settings) as client:
        topics = client.describe_topics(names)
    return {topic["name"]: topic for topic in topics if not topic["error_code"]}


async def _in_thread(call: Callable[[], Result]) -> Result:
    """Run a blocking call in a daemon thread: a broker that does not answer must not delay a stop."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def resolve(set_outcome: Callable[[Any], None], outcome: object) -> None:
        if not future.done():
            set_outcome(outcome)

    def run() -> None:
        set_outcome: Callable[[Any], None]
        outcome: object
        try:
            set_outcome, outcome = future.set_result, call()
        except (FanpulseError, OSError) as error:
            set_outcome, outcome = future.set_exception, error
        if not loop.is_closed():
            loop.call_soon_threadsafe(resolve, set_outcome, outcome)

    Thread(target=run, name="describe-topics", daemon=True).start()
    return await future


class Broker:
    """Connections of their own, so that a request never waits behind a fetch of records.

    Every request raises a ``KafkaError`` when it is not answered in time.
    """

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; ``async with`` connects."""
        self.settings = settings
        self._coordinator: int | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        options = aiokafka_options(self.settings)
        self._consumer = AIOKafkaConsumer(**options, request_timeout_ms=REQUEST_TIMEOUT_MS)
        self._admin = AIOKafkaAdminClient(**options, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await self._consumer.start()
            await self._admin.start()
        except KafkaError as error:
            await self.__aexit__()
            raise UnavailableError(f"no Kafka broker answers at {self.settings.broker}: {error}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the first offset that retention has left of each partition."""
        offsets: dict[TopicPartition, int] = await self._consumer.beginning_offsets(list(partitions))
        return offsets

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset of the next record of each partition."""
        offsets: dict[TopicPartition, int] = await self._consumer.end_offsets(list(partitions))
        return offsets

    async def committed_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return what the workers' group has committed; empty while its coordinator is unknown."""
        group = self.settings.group
        try:
            if self._coordinator is None:
                self._coordinator = await self._admin.find_coordinator(group)
            offsets = await self._admin.list_consumer_group_offsets(group, self._coordinator, list(partitions))
        except KafkaError as error:
            self._coordinator = None
            if isinstance(error, COORDINATOR_MOVING):
                return {}
            raise
        return {partition: entry.offset for partition, entry in offsets.items() if entry.offset >= 0}

    async def count_workers(self) -> int | None:
        """Return the number of members of the workers' group; None while its coordinator is unknown."""
        if self._coordinator is None:
            return None
        responses = await self._admin.describe_consumer_groups([self.settings.group], self._coordinator)
        groups = [group for response in responses for group in response.groups if group[0] in {OK, GROUP_ID_NOT_FOUND}]
        return sum(len(group[MEMBERS]) for group in groups) if groups else None
