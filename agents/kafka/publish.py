"""Publish records fast and once: keyed as Kafka's own clients do, in whole batches, by an idempotent producer."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from kafka.partitioner import murmur2

from agents.errors import UnavailableError
from agents.kafka.connection import aiokafka_options
from agents.kafka.partitioner import hash_keys
from agents.settings import Settings

PRODUCER_BATCH_BYTES = 512 * 1024  # a batch of 16 KB costs three times as much per record
IN_FLIGHT = 2  # blocks that may wait for the broker while the next is made ready
TIMEOUT_MS = 30_000


class KeyedRecord(NamedTuple):
    """One record on its way out."""

    topic: str
    key: bytes
    value: bytes


def key_hash(key: bytes) -> int:
    """Return the 31 bits that choose a key's partition, as the Java client has it.

    >>> key_hash(b"miot:weibo:123")
    1097570303
    """
    return int(murmur2(key)) & 0x7FFFFFFF


class Publisher:
    """Sends blocks of records; within a partition they keep the order in which they were given.

        async with Publisher(settings, {"likes": 12}) as out:
            await out.send(records)

    Leaving the block waits until the broker has everything; an error there or in ``send`` means that the last blocks
    may be incomplete.
    """

    STOP_S: ClassVar[float] = 5.0

    def __init__(self, settings: Settings, counts: Mapping[str, int]) -> None:
        """Take the topics with their partition counts, as ``agents.kafka.topics`` returns them."""
        self.sent = 0  # records that the broker has
        self._settings = settings
        self._counts = counts
        self._waiting: list[tuple[int, list[asyncio.Future[object]]]] = []

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        self._producer = AIOKafkaProducer(**self._options())
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._stop()
            raise UnavailableError(f"no Kafka broker answers at {self._settings.broker}: {error}") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self._wait_acknowledged(0)
        finally:
            await self._stop()

    def _options(self) -> dict[str, Any]:
        return aiokafka_options(self._settings) | {
            "acks": "all",
            "enable_idempotence": True,
            "max_batch_size": PRODUCER_BATCH_BYTES,
            "request_timeout_ms": TIMEOUT_MS,
        }

    async def _stop(self) -> None:
        """Close the connections; what a broker that went away still has to answer is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.STOP_S):
                await self._producer.stop()

    async def send(self, records: Iterable[KeyedRecord]) -> None:
        """Hand over a block, and wait while more than ``IN_FLIGHT`` blocks are on their way.

        Raises:
            UnavailableError: the broker did not take a block.
        """
        queues: dict[tuple[str, int], list[KeyedRecord]] = {}
        batch = list(records)
        for record, hashed in zip(batch, hash_keys([record.key for record in batch]).tolist(), strict=True):
            queues.setdefault((record.topic, hashed % self._counts[record.topic]), []).append(record)
        if batch:
            futures = [future for place, queue in queues.items() for future in await self._submit(place, queue)]
            self._waiting.append((len(batch), futures))
        await self._wait_acknowledged(IN_FLIGHT)

    async def _submit(self, place: tuple[str, int], queue: list[KeyedRecord]) -> list[asyncio.Future[object]]:
        topic, partition = place
        futures = []
        batch = self._producer.create_batch()
        for record in queue:
            if batch.append(timestamp=None, key=record.key, value=record.value) is None:
                futures.append(await self._hand_over(batch, topic, partition))
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=record.key, value=record.value)
        futures.append(await self._hand_over(batch, topic, partition))
        return futures

    async def _hand_over(self, batch: object, topic: str, partition: int) -> asyncio.Future[object]:
        batch.close()  # type: ignore[attr-defined]  # or aiokafka might add to it
        try:
            future: asyncio.Future[object] = await self._producer.send_batch(batch, topic, partition=partition)
        except KafkaError as error:
            raise self._lost(error) from None
        future.add_done_callback(retrieve)  # of what follows the first error, nobody asks for the result
        return future

    async def _wait_acknowledged(self, most: int) -> None:
        """Wait until at most so many blocks are on their way."""
        while len(self._waiting) > most:
            n, futures = self._waiting.pop(0)
            try:
                await asyncio.gather(*futures)
            except KafkaError as error:
                raise self._lost(error) from None
            self.sent += n

    def _lost(self, error: KafkaError) -> UnavailableError:
        cause = str(error) or type(error).__name__
        return UnavailableError(f"Kafka at {self._settings.broker} took {self.sent} records and then failed: {cause}")


def retrieve(future: asyncio.Future[Any]) -> None:
    """Look at a future's error, or asyncio would log it with a traceback once nobody holds the future."""
    if not future.cancelled():
        future.exception()
