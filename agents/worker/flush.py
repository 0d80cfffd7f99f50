"""The flush: everything that batches left behind, as one transaction, as soon as it pays."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, groupby

import msgspec
import numpy as np
from aiokafka import TopicPartition

from agents.clock import Clock
from agents.metrics import Metrics
from agents.transport.broker import TransactionWriter
from agents.transport.group_metadata import GroupMetadata
from agents.transport.transaction import OutputRecord, TransactionBatch
from agents.worker.active_task import ActiveTask
from agents.worker.batch_size import BatchSize
from schemas.dead_letters import cut, headers
from schemas.inputs.internal import ATTRIBUTION, Tick
from schemas.row import Ints
from schemas.topics import Names
from streams.fans.store import PUBLISH, PUBLISH_LATER
from streams.pending import DeadLetter, Keyed
from streams.wire.records import ByteSlices

log = logging.getLogger(__name__)

FLUSH_INTERVAL_S = 0.010  # between the beginnings of flushes while caught up: what latency costs
BACKLOG_INTERVAL_S = 3.0  # the same on a backlog: one changelog record per fan and flush, so fewer flushes write less
CLOCK_INTERVAL_S = 1.0  # between two records of the clock topic

encode = msgspec.json.Encoder().encode

Tasks = Mapping[int, ActiveTask]
GroupMember = Callable[[], GroupMetadata | None]


class Flush:
    """Writes what the tasks have to write; one transaction at a time, in the order of the batches."""

    def __init__(
        self, writer: TransactionWriter, names: Names, metrics: Metrics, clock: Clock, publish_delay_s: float
    ) -> None:
        self.writer, self.names, self.metrics, self.clock = writer, names, metrics, clock
        self.publish_delay_s = publish_delay_s
        self.has_pending = asyncio.Event()
        self.in_transaction = asyncio.Lock()
        self.size = BatchSize()
        self.committed_at = clock.monotonic()

    async def run(self, tasks: Tasks, member: GroupMember, has_backlog: Callable[[], bool]) -> None:
        """Flush forever: at once when caught up, seldom on a backlog; scores that wait are published, time passes.

        ``member`` returns None between two assignments.
        """
        began, ticked = 0.0, 0.0
        while True:
            await self._wait(began, ticked, tasks, has_backlog)
            now = self.clock.monotonic()
            self.has_pending.clear()
            if member() is None:
                await asyncio.sleep(FLUSH_INTERVAL_S)
                continue
            tick = now - ticked >= CLOCK_INTERVAL_S
            ticked = now if tick else ticked
            if tick or any(active.has_output() or active.publish_at <= now for active in tasks.values()):
                await self.flush(tasks, member, tick=tick)
            began = now

    async def _wait(self, began: float, ticked: float, tasks: Tasks, has_backlog: Callable[[], bool]) -> None:
        publish_at = min((active.publish_at for active in tasks.values()), default=began + CLOCK_INTERVAL_S)
        next_at = min(publish_at, ticked + CLOCK_INTERVAL_S)
        try:
            await asyncio.wait_for(self.has_pending.wait(), max(next_at - self.clock.monotonic(), FLUSH_INTERVAL_S))
        except TimeoutError:
            return
        while True:
            interval = BACKLOG_INTERVAL_S if has_backlog() else FLUSH_INTERVAL_S
            left = began + interval - self.clock.monotonic()
            if left <= 0 or self._is_full(tasks):
                return
            await asyncio.sleep(min(left, FLUSH_INTERVAL_S))

    async def wait_for_capacity(self, tasks: Tasks) -> None:
        """Wait for the transaction on its way, if there is already as much to write as goes into the next."""
        if self._is_full(tasks):
            async with self.in_transaction:
                pass

    def _is_full(self, tasks: Tasks) -> bool:
        return sum(active.records for active in tasks.values()) >= self.size.limit

    async def flush(self, tasks: Tasks, member: GroupMember, *, tick: bool = False) -> None:
        """Write one transaction of all there is to write, with a record of the clock topic if ``tick``.

        Raises:
            FailStopError: it was not committed for certain.
        """
        async with self.in_transaction:
            who = member()
            if who is None:
                return
            began, now = self.clock.monotonic(), self.clock.now()
            batch = TransactionBatch(now)
            records = sum(active.records for active in tasks.values())
            appended = [self._collect(active, batch, now, self.size.limit // len(tasks)) for active in tasks.values()]
            if tick:
                for number in tasks:
                    batch.add(self.names.clock, number, OutputRecord(None, encode(Tick(now))))
            if not batch:
                return
            is_progress = any(tp.topic != self.names.clock for tp in batch.offsets)  # time alone is none
            batch.offsets = batch.offsets or self._unmoved_offset(tasks)
            collected = self.clock.monotonic()
            written = await self.writer.write(batch, who)
            ended = self.clock.monotonic()
            self._acknowledge(tasks, written)
            self.metrics.stage["write"].observe(collected - began)
            self.metrics.stage["commit"].observe(ended - collected)
            if is_progress:
                self.committed_at = ended
            rows = sum(n for _, n in batch.count()) // 2  # each is recorded and published
            self.size.observe(max(records, rows), ended - began)
            self._count(chain.from_iterable(appended), batch)

    def _unmoved_offset(self, tasks: Tasks) -> dict[TopicPartition, int]:
        """Return the offset of one partition as it stands: committing it is what fences a transaction (KIP-447).

        Scores that waited for their publish delay and ticks move no offset. One is enough, because the broker checks
        the generation and not the partition; all 144 of a worker would be 5,000 records/s in the offsets topic.
        """
        for active in tasks.values():
            tp = TopicPartition(self.names.leading_input, active.number)
            if tp in active.offsets:
                return {tp: active.offsets[tp]}
        return {}

    def _collect(self, active: ActiveTask, batch: TransactionBatch, now: int, limit: int) -> list[tuple[str, Ints]]:
        """Take what a task has to write, scores of ``limit`` fans; from here on a failure must end the process."""
        names, number, fans = self.names, active.number, active.task.fans
        is_due = active.publish_at <= self.clock.monotonic()
        output = active.task.poll_output(now, limit, later=is_due)
        if is_due and not fans.has_changes(PUBLISH) and not fans.has_changes(PUBLISH_LATER):
            active.publish_at = self.clock.monotonic() + self.publish_delay_s
        batch.pack(names.fan_scores, number, output.scores)
        batch.pack(names.fan_flags, number, output.flags)
        for store, records in output.changelogs.items():
            batch.pack(names.changelog(store), number, records)
        for partition, some in groupby(sorted(output.attributions, key=lambda one: one[0]), key=lambda one: one[0]):
            batch.pack(names.of(ATTRIBUTION), partition, [_columns([record for _, record in some])])
        for dead_letter in output.dead_letters:
            batch.add(names.dead_letters, number, self._dead_letter_record(dead_letter, number))
        if output.dedup is not None:
            batch.add(names.dedup, number, OutputRecord(None, output.dedup))
        batch.offsets |= active.take_moved()
        active.records = 0
        return active.take_appended()

    def _dead_letter_record(self, dead_letter: DeadLetter, partition: int) -> OutputRecord:
        record = dead_letter.record
        fields = headers(self.names.of(dead_letter.source), partition, record.offset, dead_letter.refusal)
        if dead_letter.trace:
            fields.append(("traceback", dead_letter.trace.encode()))
        return OutputRecord(cut(record.key), cut(record.value), fields)

    def _acknowledge(self, tasks: Tasks, written: Mapping[TopicPartition, int]) -> None:
        for active in tasks.values():
            offset = written.get(TopicPartition(self.names.dedup, active.number))
            if offset is not None:
                active.task.dedup.on_acknowledged(offset)

    def _count(self, appended: Iterable[tuple[str, Ints]], batch: TransactionBatch) -> None:
        now, by_topic = self.clock.now(), defaultdict[str, list[Ints]](list)
        for topic, some in appended:
            by_topic[topic].append(some)
        for topic, all_of_it in by_topic.items():
            self.metrics.latency.observe(topic, np.maximum(now - np.concatenate(all_of_it), 0.0) / 1000.0)
        for topic, n in batch.count():
            if topic == self.names.changelog("fans"):
                self.metrics.changelog.inc(n)
            elif topic in {self.names.fan_scores, self.names.fan_flags}:
                self.metrics.published.labels(topic.removeprefix(self.names.output_prefix)).inc(n)


def _columns(records: list[Keyed]) -> tuple[ByteSlices, ByteSlices]:
    return ByteSlices.of([record.key for record in records]), ByteSlices.of([record.value or b"" for record in records])
