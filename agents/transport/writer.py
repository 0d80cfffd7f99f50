"""One Kafka transaction per flush: records, offsets, commit; whatever goes wrong, nothing of it is ever seen."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from agents import faults
from agents.errors import FailStopError
from agents.transport.fenced import fence
from agents.transport.membership import Membership

TRANSACTION_TIMEOUT_MS = 10_000
BATCH_BYTES = 900_000  # under the broker's default message.max.bytes


class Out(NamedTuple):
    """One record to write."""

    key: bytes | None
    value: bytes | memoryview | None
    headers: list[tuple[str, bytes]] = []  # noqa: RUF012  never changed


class Writer:
    """A transactional producer of our own; Faust's only logs a failed write and commits over it."""

    def __init__(self, options: Mapping[str, Any], transactional_id: str, note: str) -> None:
        """``note`` is kept beside each offset that is committed."""
        self.transactional_id, self.note = transactional_id, note
        self._producer = AIOKafkaProducer(
            **options,
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=16 * BATCH_BYTES,
            request_timeout_ms=TRANSACTION_TIMEOUT_MS,
        )

    async def start(self) -> None:
        """Connect; the broker aborts at once what a predecessor of the same id left open, and fences a twin."""
        await self._producer.start()
        fence(self._producer)
        await self._guarded(self._producer._txn_manager.wait_for_pid())

    async def stop(self) -> None:
        """Close the connections."""
        await self._producer.stop()

    async def write(
        self,
        records: Mapping[TopicPartition, Iterable[Out]],
        offsets: Mapping[TopicPartition, int],
        who: Membership,
        now_ms: int,
    ) -> None:
        """Write all of it in one transaction that only a current member can commit.

        Raises:
            FailStopError: it was not written, or nobody can say; the process must end and read again.
        """
        await self._guarded(self._write(records, offsets, who, now_ms))

    async def _guarded(self, work: Any) -> None:
        # A fenced producer's sender ends without telling those who wait for it.
        task, sender = asyncio.ensure_future(work), self._producer._sender.sender_task
        done, _ = await asyncio.wait(
            {task, sender}, timeout=2 * TRANSACTION_TIMEOUT_MS / 1000, return_when=asyncio.FIRST_COMPLETED
        )
        if task in done:
            try:
                task.result()
            except (KafkaError, AssertionError) as error:  # aiokafka asserts its transaction states
                raise FailStopError(f"transaction not committed: {error!r}") from error
            return
        task.cancel()
        if sender in done:
            raise FailStopError(f"transaction not committed: {sender.exception()!r}")
        raise FailStopError(f"transaction not committed within {2 * TRANSACTION_TIMEOUT_MS // 1000} s")

    async def _write(
        self,
        records: Mapping[TopicPartition, Iterable[Out]],
        offsets: Mapping[TopicPartition, int],
        who: Membership,
        now_ms: int,
    ) -> None:
        producer = self._producer
        producer.membership = who
        await producer.begin_transaction()
        await asyncio.gather(*(self._send(tp, outs, now_ms) for tp, outs in records.items() if outs))
        faults.at("before-offsets")
        if offsets:
            await producer.send_offsets_to_transaction({tp: (at, self.note) for tp, at in offsets.items()}, who.group)
        faults.at("before-commit")
        await producer.commit_transaction()

    async def _send(self, tp: TopicPartition, outs: Iterable[Out], now_ms: int) -> None:
        """Send records to one partition in batches, and wait until every one is durable."""
        create, futures = self._producer.create_batch, []
        batch = create()
        for out in outs:
            if batch.append(key=out.key, value=out.value, timestamp=now_ms, headers=out.headers) is None:
                futures.append(await self._producer.send_batch(batch, tp.topic, partition=tp.partition))
                batch = create()
                if batch.append(key=out.key, value=out.value, timestamp=now_ms, headers=out.headers) is None:
                    raise FailStopError(f"a record for {tp.topic} is larger than {BATCH_BYTES} bytes")
        futures.append(await self._producer.send_batch(batch, tp.topic, partition=tp.partition))
        await asyncio.gather(*futures)
        faults.at("after-first-batch")
