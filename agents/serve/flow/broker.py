"""What is asked of the broker every second: end offsets, the workers' offsets, how many workers there are."""

from collections.abc import Iterable
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    GroupCoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from agents.errors import UnavailableError
from agents.kafka.connection import aiokafka_options
from agents.settings import Settings

REQUEST_MS = 5000
NO_SUCH_GROUP, MEMBERS = 69, 5  # Kafka's error code; place of the members in a group's description
# A young broker still makes the topic that holds offsets; a group's keeper may be on its way to another broker.
MOVING = (CoordinatorLoadInProgressError, GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError)


class Broker:
    """Connections of their own, so that questions wait for no records.

    Every question raises a ``KafkaError`` when it is not answered in time.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the settings; ``async with`` connects."""
        self.settings = settings
        self._coordinator: int | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        options = aiokafka_options(self.settings)
        self._consumer = AIOKafkaConsumer(**options, request_timeout_ms=REQUEST_MS)
        self._admin = AIOKafkaAdminClient(**options, request_timeout_ms=REQUEST_MS)
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

    async def begins(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the first offset that is still there of each partition."""
        found: dict[TopicPartition, int] = await self._consumer.beginning_offsets(list(partitions))
        return found

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset of the next record of each partition."""
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(list(partitions))
        return found

    async def done(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return what the workers' group has committed; nothing while the group is not known."""
        group = self.settings.group
        try:
            if self._coordinator is None:
                self._coordinator = await self._admin.find_coordinator(group)
            found = await self._admin.list_consumer_group_offsets(group, self._coordinator, list(partitions))
        except KafkaError as error:
            self._coordinator = None  # it may have moved
            if isinstance(error, MOVING):
                return {}
            raise
        return {part: entry.offset for part, entry in found.items() if entry.offset >= 0}

    async def workers(self) -> int | None:
        """Return how many workers are in the group; None while it is not known."""
        if self._coordinator is None:
            return None
        answers = await self._admin.describe_consumer_groups([self.settings.group], self._coordinator)
        groups = [group for answer in answers for group in answer.groups if group[0] in {0, NO_SUCH_GROUP}]
        return sum(len(group[MEMBERS]) for group in groups) if groups else None
