"""Move records and commit how far that went in one Kafka transaction a window: exact at any kill, bounded in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiokafka
from aiokafka import errors
from aiokafka.errors import KafkaError
from kafka import TopicPartition

from agents.errors import ConfigError, FanpulseError, UnavailableError
from agents.kafka.publish import KeyedRecord, Publisher, retrieve
from agents.kafka.reading import Chunk
from agents.settings import Settings
from schemas.dead_letters import Header

WINDOW_RECORDS = 5_000
WINDOW_BYTES = 4 << 20
POLL_RECORDS = 1_000  # a window grows by whole chunks: it holds fewer than WINDOW_RECORDS + POLL_RECORDS
WINDOW_FETCH_BYTES = 8 << 20
WINDOW_TIMEOUT_MS = 30_000  # after which the broker aborts what a killed call left open, unless it is called again
NOT_ALLOWED = (
    errors.TransactionalIdAuthorizationFailed,
    errors.GroupAuthorizationFailedError,
    errors.TopicAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
)


class Mark(NamedTuple):
    """What is committed for a partition that was read: where reading goes on, and metadata."""

    offset: int
    metadata: str


class Moved(NamedTuple):
    """What becomes of one chunk: the records to write, and what to commit with them; None: nothing new."""

    records: Sequence[KeyedRecord]
    mark: Mark | None


class Window(NamedTuple):
    """What goes into one transaction."""

    records: Sequence[KeyedRecord]
    marks: Mapping[TopicPartition, Mark]


def windows(chunks: Iterable[Chunk], move: Callable[[Chunk], Moved]) -> Iterator[Window]:
    """Collect chunks until a window is full; only one window is in memory."""
    records: list[KeyedRecord] = []
    marks: dict[TopicPartition, Mark] = {}
    size = 0
    for chunk in chunks:
        moved = move(chunk)
        records += moved.records
        size += sum(len(record.key) + len(record.value) for record in moved.records)
        if moved.mark is not None:
            marks[chunk.partition] = moved.mark
        if len(records) >= WINDOW_RECORDS or size >= WINDOW_BYTES:
            yield Window(records, marks)
            records, marks, size = [], {}, 0
    if records or marks:
        yield Window(records, marks)


class PlacedRecord(NamedTuple):
    """One record for a partition that is not chosen by its key."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[Header]


class TransactionalPublisher(Publisher):
    """Writes windows, each with the offsets of a group in one transaction.

        async with TransactionalPublisher(settings, {"likes": 12}, "fanpulse-requeue") as out:
            await out.write(window)

    Entering aborts what a killed call of the same group left open, and fences one that still runs: read the group's
    offsets after entering, with ``offsets.stable_entries``.
    """

    def __init__(self, settings: Settings, counts: Mapping[str, int], group: str) -> None:
        """Take the topics with their partition counts, and the group that remembers how far reading went."""
        super().__init__(settings, counts)
        self._group = group

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
            ConfigError: the broker does not allow us transactions.
        """
        await super().__aenter__()
        try:
            await self._guarded(self._producer._txn_manager.wait_for_pid())
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            # Readers of committed records wait for an open transaction: do not leave one until its time-out.
            with suppress(KafkaError, AssertionError, FanpulseError, TimeoutError):
                async with asyncio.timeout(self.STOP_S):
                    await self._guarded(self._producer.abort_transaction())
        await self._stop()
        self._retrieve_all()

    async def write(self, window: Window) -> None:
        """Write one window, wholly or not at all.

        Raises:
            UnavailableError: it is not known to be committed; a second call of the command goes on where this one is.
            ConfigError: the broker does not allow it.
            FanpulseError: another call of the command has begun.
        """
        await self._guarded(self._write(window))

    async def write_placed(self, records: Sequence[PlacedRecord], marks: Mapping[TopicPartition, Mark]) -> None:
        """Write a few records to the partitions that they name, and commit offsets, wholly or not at all.

        Raises:
            UnavailableError, ConfigError, FanpulseError: as ``write``.
        """

        async def send() -> None:
            for record in records:
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers)
                await (await self._hand_over(batch, record.topic, record.partition))

        await self._guarded(self._transact(send, marks))

    async def _write(self, window: Window) -> None:
        async def send() -> None:
            await self.send(window.records)
            await self._wait_acknowledged(0)

        await self._transact(send, window.marks)

    async def _transact(self, send: Callable[[], Awaitable[None]], marks: Mapping[TopicPartition, Mark]) -> None:
        """Begin, send everything and wait until the broker has it, then commit the offsets and the transaction."""
        await self._producer.begin_transaction()
        self._producer._txn_manager._transaction_waiter.add_done_callback(retrieve)
        await send()
        if marks:
            offsets = {aiokafka.TopicPartition(*at): tuple(mark) for at, mark in marks.items()}
            await self._producer.send_offsets_to_transaction(offsets, self._group)
        await self._producer.commit_transaction()

    def _options(self) -> dict[str, Any]:
        transactional = {"transactional_id": f"{self._group}-tx", "transaction_timeout_ms": WINDOW_TIMEOUT_MS}
        return super()._options() | transactional

    async def _guarded(self, work: Awaitable[object]) -> None:
        """Wait for some work; aiokafka's sender ends without an answer to those who wait when it is fenced."""
        task, sender = asyncio.ensure_future(work), self._producer._sender.sender_task
        try:
            await asyncio.wait(
                {task, sender}, timeout=2 * WINDOW_TIMEOUT_MS / 1000, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                try:
                    task.result()
                except (KafkaError, AssertionError) as error:  # aiokafka asserts its transaction states
                    raise self._refusal(error) from None
            elif sender.done():
                raise self._refusal(sender.exception())
            else:
                raise self._refusal(TimeoutError("no answer"))
        finally:
            task.cancel()

    def _retrieve_all(self) -> None:
        """Look at the errors that a fenced aiokafka leaves in futures of its own; the caller has the error already."""
        waiting = self._producer._message_accumulator
        batches = chain(*waiting._batches.values(), waiting._pending_batches)
        waiter = self._producer._txn_manager._transaction_waiter
        for future in (*(batch._drain_waiter for batch in batches), *([waiter] if waiter else [])):
            if future.done():
                retrieve(future)

    def _refusal(self, error: BaseException | None) -> FanpulseError:
        cause = str(error) or type(error).__name__
        if isinstance(error, errors.ProducerFenced | errors.InvalidProducerEpoch):
            return FanpulseError(
                f"another call of this command for group {self._group} has begun and goes on from here"
            )
        if isinstance(error, NOT_ALLOWED):
            return ConfigError(f"Kafka at {self._settings.broker} does not allow this to group {self._group}: {cause}")
        return UnavailableError(
            f"Kafka at {self._settings.broker} did not commit the last window ({cause}); {self.sent} records before it "
            "are committed: call the command again, it goes on from there"
        )
