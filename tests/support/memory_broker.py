"""A broker in memory that keeps the contract of ``tests/contract``: transactions, fence, retention, compaction."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.errors import FailStopError
from agents.transport.broker import Bounds, Offsets
from agents.transport.fetching import FetchedBatch
from agents.transport.group_metadata import GroupMetadata
from agents.transport.transaction import TransactionBatch
from agents.transport.writer import require_offsets
from tests.support.memory_log import Entry, KeyValue, Log, entries_of

MAX_FETCH_RECORDS = 100
MAX_WAITS = 10_000  # turns of the event loop, and batches


class Committed(NamedTuple):
    """What a group committed for a partition."""

    offset: int
    metadata: str


class MemoryBroker:
    """Topics by name and id, and the groups with their committed offsets."""

    def __init__(self) -> None:
        self.logs: dict[TopicPartition, Log] = {}
        self.topic_ids: dict[str, str] = {}
        self.generations: dict[str, int] = {}
        self.committed: dict[tuple[str, TopicPartition], Committed] = {}
        self.epochs: dict[str, int] = {}
        self.open: dict[str, MemoryTransaction] = {}  # by transactional id
        self.transactions: list[dict[TopicPartition, int]] = []  # committed offsets of each committed transaction
        self.created = 0

    def create(self, topic: str, partitions: int = 1) -> None:
        """Create an empty topic, with an id that no other ever has."""
        self.created += 1
        self.topic_ids[topic] = f"id-{self.created}"
        self.logs |= {TopicPartition(topic, number): Log() for number in range(partitions)}

    def delete(self, topic: str) -> None:
        """Delete a topic; committed offsets go with it, as Kafka's do."""
        del self.topic_ids[topic]
        self.logs = {tp: log for tp, log in self.logs.items() if tp.topic != topic}
        self.committed = {at: one for at, one in self.committed.items() if at[1].topic != topic}

    def join(self, group: str) -> GroupMetadata:
        """Begin a generation of the group, and return its member."""
        self.generations[group] = self.generations.get(group, 0) + 1
        return GroupMetadata(group, self.generations[group], f"m-{self.generations[group]}", "i")

    def produce(self, tp: TopicPartition, records: Sequence[KeyValue], timestamp: int = 0) -> None:
        """Append records outside of transactions."""
        self.logs[tp].append([Entry(0, timestamp, key, value) for key, value in records])

    def begin(self, transactional_id: str) -> "MemoryTransaction":
        """Begin a transaction; an older producer of the same id is fenced, and what it left open aborted."""
        self.epochs[transactional_id] = self.epochs.get(transactional_id, 0) + 1
        return self.next(transactional_id, self.epochs[transactional_id])

    def next(self, transactional_id: str, epoch: int) -> "MemoryTransaction":
        """Begin the next transaction of a producer."""
        if transactional_id in self.open:
            self.open[transactional_id].abort()
        self.open[transactional_id] = MemoryTransaction(self, transactional_id, epoch)
        return self.open[transactional_id]

    def is_current(self, member: GroupMetadata) -> bool:
        """Return whether a member may commit offsets."""
        generation = self.generations.get(member.group)
        return member.generation == generation and member.member_id == f"m-{generation}"


class MemoryTransaction:
    """A transaction of one producer: nothing of it is seen before its end, nor what comes behind it."""

    def __init__(self, broker: MemoryBroker, transactional_id: str, epoch: int) -> None:
        self.broker, self.transactional_id, self.epoch = broker, transactional_id, epoch
        self.written: set[TopicPartition] = set()
        self.offsets: dict[tuple[str, TopicPartition], Committed] = {}

    def append(self, tp: TopicPartition, records: Sequence[KeyValue], timestamp: int = 0) -> None:
        """Write records."""
        self.write(tp, [Entry(0, timestamp, key, value) for key, value in records])

    def write(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        """Write entries, and return the offset of the first."""
        self.require_current()
        self.written.add(tp)
        return self.broker.logs[tp].append(entries, self.transactional_id)

    def commit(self) -> None:
        """Make it seen, with its offsets."""
        self.require_current()
        self.broker.committed |= self.offsets
        self.broker.transactions.append({tp: one.offset for (_, tp), one in self.offsets.items()})
        self._end(is_committed=True)

    def abort(self) -> None:
        """Make it never seen."""
        self._end(is_committed=False)

    def require_current(self) -> None:
        """Refuse a producer whose id another one has taken."""
        if self.broker.epochs[self.transactional_id] != self.epoch:
            raise FailStopError("transaction not committed: ProducerFenced")

    def _end(self, *, is_committed: bool) -> None:
        for tp in self.written:
            self.broker.logs[tp].end_transaction(self.transactional_id, is_committed=is_committed)
        if self.broker.open.get(self.transactional_id) is self:
            del self.broker.open[self.transactional_id]


class MemoryWriter:
    """``TransactionWriter`` on the broker in memory."""

    def __init__(self, broker: MemoryBroker, transactional_id: str, metadata: Mapping[str, str]) -> None:
        self.broker, self.transactional_id, self.metadata = broker, transactional_id, metadata
        broker.begin(transactional_id).abort()
        self.epoch = broker.epochs[transactional_id]

    async def write(self, batch: TransactionBatch, member: GroupMetadata) -> dict[TopicPartition, int]:
        """Write all of it in one transaction."""
        require_offsets(batch)
        if self.broker.epochs[self.transactional_id] != self.epoch:
            raise FailStopError("transaction not committed: ProducerFenced")
        transaction = self.broker.next(self.transactional_id, self.epoch)
        written: dict[TopicPartition, int] = {}
        for tp, batches in batch.packed.items():
            for packed in batches:
                written[tp] = transaction.write(tp, entries_of(packed))
        for tp, records in batch.single.items():
            written[tp] = transaction.write(
                tp, [Entry(0, batch.now, one.key, one.value, tuple(one.headers)) for one in records]
            )
        if not self.broker.is_current(member):
            transaction.abort()
            raise FailStopError("transaction not committed: StaleMemberError('our generation is over')")
        transaction.offsets = {
            (member.group, tp): Committed(offset, self.metadata[tp.topic]) for tp, offset in batch.offsets.items()
        }
        transaction.commit()
        return written


class MemoryReader:
    """``BatchReader`` on the broker in memory."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        self.reads: list[dict[TopicPartition, int]] = []  # where each read began

    async def bounds(self, tps: Collection[TopicPartition]) -> Bounds:
        """Return where partitions begin and end now."""
        logs = {tp: self.broker.logs[tp] for tp in tps}
        return Bounds({tp: log.earliest for tp, log in logs.items()}, {tp: log.end for tp, log in logs.items()})

    async def read(self, starts: Offsets, ends: Offsets) -> AsyncGenerator[tuple[TopicPartition, FetchedBatch], None]:
        """Yield the batches of each partition; what never comes is waited for in vain, and fails."""
        self.reads.append(dict(starts))
        for tp, start in starts.items():
            log, position = self.broker.logs[tp], start
            if start < ends[tp] and not log.earliest <= start <= log.end:
                position = log.earliest
            for _ in range(MAX_WAITS):
                if position >= ends[tp]:
                    break
                if (batch := log.fetch(position, MAX_FETCH_RECORDS)) is None:
                    await asyncio.sleep(0)
                    continue
                yield tp, batch
                position = batch.next_offset
            assert position >= ends[tp], f"{tp}: nothing to read from {position} on, and {ends[tp]} is waited for"


def values_of(broker: MemoryBroker, tp: TopicPartition) -> list[bytes | None]:
    """Return the values of all committed records of a partition."""
    batch = broker.logs[tp].fetch(broker.logs[tp].earliest, 1 << 40)
    return [] if batch is None else [record.value for record in batch.records]
