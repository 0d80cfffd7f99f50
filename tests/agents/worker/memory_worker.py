"""A worker on the broker in memory: what Faust's consumer does is done here, step by step."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import TopicPartition
from faust.types import TP

from agents.clock import Clock
from agents.kafka.commit_metadata import CommitMetadata
from agents.metrics import Metrics
from agents.transport.group_metadata import GroupMetadata
from agents.worker.accumulator import Accumulator
from agents.worker.active_task import ActiveTask
from agents.worker.assignment import AssignmentHandler
from agents.worker.crash_marker import CrashMarker
from agents.worker.flush import Flush
from agents.worker.processor import Processor
from agents.worker.restore import Restored, restore_from
from schemas.inputs.declaration import Input
from schemas.inputs.likes import LIKES
from schemas.outputs.applied_offsets import APPLIED_OFFSETS_KEY, decode
from schemas.topics import Names
from streams.fans.model import MODEL
from streams.task import Task
from tests.streams.histories import START, brands, fan, new_task, record
from tests.support.clock import ManualClock
from tests.support.memory_broker import MemoryBroker, MemoryReader, MemoryWriter

NAMES = Names("", "", "g")
MAX_FETCH_RECORDS = 100


def tp(source: Input = LIKES, number: int = 0) -> TP:
    return TP(NAMES.of(source), number)


def clock_tp(number: int = 0) -> TP:
    return TP(NAMES.clock, number)


def own(topic: str, number: int = 0) -> TopicPartition:
    return TopicPartition(topic, number)


CHANGELOG = NAMES.changelog("fans")


def broker_with_topics(partitions: int = 1) -> MemoryBroker:
    broker = MemoryBroker()
    for spec in NAMES.specs():
        broker.create(spec.name, partitions)
    return broker


def produce(broker: MemoryBroker, first: int, n: int, at: TP | None = None, **fields: Any) -> None:
    """Append ``n`` events with the ids ``first`` and up, a millisecond apart, in one batch."""
    records = [record(i, i, **fields) for i in range(first, first + n)]
    broker.produce(at or tp(), [(one.key, one.value) for one in records], START)


def tick(broker: MemoryBroker, now: int, number: int = 0) -> None:
    broker.produce(clock_tp(number), [(None, msgspec.json.encode({"now": now}))])


class MemoryWorker:
    """One worker from its start to its death, which is that nobody calls it any more."""

    def __init__(
        self,
        broker: MemoryBroker,
        folder: Path,
        clock: Clock | None = None,
        *,
        partitions: int = 1,
        dedup_ids: int = 100,
    ) -> None:
        self.broker, self.clock = broker, clock or ManualClock()
        self.partitions, self.dedup_ids = partitions, dedup_ids
        self.metrics, self.reader = Metrics(MODEL, ["weibo"]), MemoryReader(broker)
        metadata = {topic: str(CommitMetadata(partitions, id_)) for topic, id_ in broker.topic_ids.items()}
        self.flush = Flush(MemoryWriter(broker, "g-i", metadata), NAMES, self.metrics, self.clock, 60.0)
        self.assignment = AssignmentHandler(
            NAMES, self._create, self._restore, self._check, self.flush, self.metrics, self.clock
        )
        marker = CrashMarker(folder / "i.marker", list(NAMES.inputs))
        accumulator = Accumulator(self.metrics, brands().names)
        self.processor = Processor(NAMES, accumulator, marker, None, self.clock, 5.0)
        self.positions: dict[TP, int] = {}
        self.lag: frozenset[int] = frozenset()

    async def start(self, assigned: Collection[TP] | None = None, member: GroupMetadata | None = None) -> None:
        """Join the group, restore, and seek."""
        topics = [*NAMES.inputs, NAMES.clock]
        every = {TP(topic, number) for topic in topics for number in range(self.partitions)}
        self.assignment.on_partitions_assigned(
            set(every if assigned is None else assigned), member or self.broker.join("g")
        )
        await self.assignment.restore()
        self.seek()

    def seek(self) -> None:
        """Do what ``Consumer.perform_seek`` does."""
        committed: dict[TP, int | None] = dict.fromkeys(self.assignment.assigned)
        committed |= {at: one.offset for (_, at), one in self.broker.committed.items() if at in committed}
        starts = self.assignment.starting_offsets(committed)
        known = {at: offset for at, offset in committed.items() if offset is not None} | starts
        earliest = {at: self.broker.logs[at].earliest for at in committed.keys() - known.keys()}
        self.positions = known | earliest
        self.assignment.on_seek(dict(self.positions))

    def poll(self) -> None:
        """Fetch and process all there is; an offset that is not there becomes the earliest one."""
        for at in sorted(self.positions):
            log = self.broker.logs[at]
            if not log.earliest <= self.positions[at] <= log.end:
                self.positions[at] = log.earliest
            while self.assignment.owns(at) and (batch := log.fetch(self.positions[at], MAX_FETCH_RECORDS)) is not None:
                self.processor.process([(at, batch)], self.assignment.tasks, lambda number: self.lag)
                self.positions[at] = batch.next_offset

    async def commit(self, *, with_tick: bool = False) -> None:
        """Write one transaction."""
        await self.flush.flush(self.assignment.tasks, self.assignment.current_member, tick=with_tick)

    async def work(self) -> None:
        """Process all there is, and commit it."""
        self.poll()
        await self.commit()

    def task(self, number: int = 0) -> Task:
        return self.assignment.tasks[number].task

    def active(self, number: int = 0) -> ActiveTask:
        return self.assignment.tasks[number]

    def likes(self, number: int = 0, name: str = "f") -> int:
        """Return how many likes a fan has."""
        return int(fan(self.task(number), name)["count_like"])

    def value(self, name: str, **labels: str) -> float:
        """Return a metric's value; 0 where it has none."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def _create(self, number: int) -> Task:
        return new_task(dedup_ids=self.dedup_ids)

    async def _restore(self, tasks: Mapping[int, Task]) -> Restored:
        return await restore_from(self.reader, NAMES, tasks, self.clock)

    async def _check(self, tasks: Mapping[int, Task]) -> None:
        for task in tasks.values():
            task.topic_ids = {source.number: self.broker.topic_ids[name] for name, source in NAMES.inputs.items()}


def recorded(broker: MemoryBroker, number: int = 0) -> dict[int, int] | None:
    """Return the applied offsets of the newest committed record of a changelog partition."""
    log = broker.logs[own(CHANGELOG, number)]
    batch = log.fetch(log.earliest, 1 << 40)
    found = [record.value for record in batch.records if record.key == APPLIED_OFFSETS_KEY] if batch else []
    return {n: one.offset for n, one in decode(found[-1] or b"").inputs.items()} if found else None


def scene(claim: Callable[[], Awaitable[None]]) -> None:
    """Run a claim in an event loop."""

    async def run() -> None:
        await claim()

    asyncio.run(run())
