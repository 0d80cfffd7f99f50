"""One Kafka transaction per flush: records, offsets, commit; whatever goes wrong, nothing of it is ever seen."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from agents.errors import FailStopError, UnavailableError
from agents.kafka.commit_metadata import CommitMetadata
from agents.transport.fenced import fence
from agents.transport.group_metadata import GroupMetadata
from agents.transport.transaction import TRANSACTION_BATCH_BYTES, OutputRecord, TransactionBatch

TRANSACTION_TIMEOUT_MS = 10_000

T = TypeVar("T")


class Writer:
    """A transactional producer of our own; Faust's only logs a failed write and commits over it."""

    def __init__(
        self, options: Mapping[str, Any], transactional_id: str, metadata: Mapping[str, CommitMetadata]
    ) -> None:
        """Take the metadata to commit with the offsets of each topic."""
        self.transactional_id = transactional_id
        self.metadata = {topic: str(one) for topic, one in metadata.items()}
        self._producer = AIOKafkaProducer(
            **options,
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            linger_ms=0,
            max_batch_size=TRANSACTION_BATCH_BYTES,
            max_request_size=16 * TRANSACTION_BATCH_BYTES,
            request_timeout_ms=TRANSACTION_TIMEOUT_MS,
        )

    async def start(self) -> None:
        """Connect; the broker aborts at once what a predecessor of the same id left open, and fences a twin.

        Raises:
            UnavailableError: no broker answers.
            FailStopError: one does, and does not let us begin.
        """
        try:
            async with asyncio.timeout(2 * TRANSACTION_TIMEOUT_MS / 1000):
                await self._producer.start()  # waits until what the predecessor left is decided
                fence(self._producer)
                await self._guarded(self._producer._txn_manager.wait_for_pid())
        except TimeoutError:
            raise FailStopError("the broker does not give us our transactional id") from None
        except KafkaError as error:
            await self.stop()
            raise UnavailableError(f"no Kafka broker answers: {error}") from None

    async def stop(self) -> None:
        """Close the connections."""
        await self._producer.stop()

    async def write(self, batch: TransactionBatch, member: GroupMetadata) -> dict[TopicPartition, int]:
        """Write all of it in one transaction that only a current member can commit.

        Return the offset of the last batch written to each partition.

        Raises:
            FailStopError: it has no offsets, was not written, or nobody can say; the process must end and read again.
        """
        require_offsets(batch)
        return await self._guarded(self._write(batch, member))

    async def _guarded(self, work: Coroutine[Any, Any, T]) -> T:
        # A fenced producer's sender ends without a word to those who wait for it.
        task, sender = asyncio.ensure_future(work), self._producer._sender.sender_task
        done, _ = await asyncio.wait(
            {task, sender}, timeout=2 * TRANSACTION_TIMEOUT_MS / 1000, return_when=asyncio.FIRST_COMPLETED
        )
        if task in done:
            try:
                return task.result()
            except (KafkaError, AssertionError) as error:  # aiokafka asserts its transaction states
                raise FailStopError(f"transaction not committed: {error!r}") from error
        task.cancel()
        if sender in done:
            raise FailStopError(f"transaction not committed: {sender.exception()!r}")
        raise FailStopError(f"transaction not committed within {2 * TRANSACTION_TIMEOUT_MS // 1000} s")

    async def _write(self, batch: TransactionBatch, member: GroupMetadata) -> dict[TopicPartition, int]:
        producer = self._producer
        producer.group_metadata = member
        await producer.begin_transaction()
        single = {tp: self._batches(tp, records, batch.now) for tp, records in batch.single.items()}
        outputs = {**batch.packed, **single}
        written = await asyncio.gather(*(self._send(tp, batches) for tp, batches in outputs.items()))
        # All batches are acknowledged here: what a restore reads up to the high watermark contains these offsets.
        offsets = {tp: (at, self.metadata[tp.topic]) for tp, at in batch.offsets.items()}
        await producer.send_offsets_to_transaction(offsets, member.group)
        await producer.commit_transaction()
        return dict(zip(outputs, written, strict=True))

    async def _send(self, tp: TopicPartition, batches: list[Any]) -> int:
        """Send batches to one partition, wait until every one is durable, and return the offset of the last."""
        futures = [await self._producer.send_batch(batch, tp.topic, partition=tp.partition) for batch in batches]
        written = await asyncio.gather(*futures)
        return int(written[-1].offset)

    def _batches(self, tp: TopicPartition, records: list[OutputRecord], now: int) -> list[Any]:
        """Return the records that have headers, or no key, as batches."""
        batches = [self._producer.create_batch()]
        for record in records:
            fields = {"key": record.key, "value": record.value, "timestamp": now, "headers": list(record.headers)}
            if batches[-1].append(**fields) is None:
                batches.append(self._producer.create_batch())
                if batches[-1].append(**fields) is None:
                    raise FailStopError(f"a record for {tp.topic} is larger than {TRANSACTION_BATCH_BYTES} bytes")
        return batches


def require_offsets(batch: TransactionBatch) -> None:
    """Refuse a transaction that commits no offset: only the offset commit is checked against the generation (KIP-447).

    A worker that lost its partitions could otherwise overwrite newer rows with its own.

    Raises:
        FailStopError: it commits none.
    """
    if not batch.offsets:
        raise FailStopError("transaction without offsets: the broker would not check our generation")
