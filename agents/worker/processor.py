"""A message's batches into their tasks: small ones of a topic decoded together, then processed in order."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec
from faust.types import TP

from agents.clock import Clock
from agents.errors import ConfigError
from agents.transport.fetching import FetchedBatch
from agents.worker.accumulator import Accumulator
from agents.worker.active_task import ActiveTask
from agents.worker.crash_marker import MAX_TOGETHER, CrashMarker
from agents.worker.flag_budget import FlagBudget
from agents.worker.isolation import Isolation
from schemas.inputs.declaration import Input
from schemas.inputs.internal import Tick
from schemas.topics import Names
from streams.decode.decoder import DecodedBatch, Sentiment, decode
from streams.fans.store import MAX_DUE
from streams.task import Clocks, Limits
from streams.wire.records import Records

log = logging.getLogger(__name__)

MAX_RECORDS = 4_096  # that are decoded together: beyond it joining costs more than it saves, and the event loop waits
MAX_ROWS_PER_TICK = 10_000  # of a partition: after a long outage time changes all fans, too many for one transaction

read_tick = msgspec.json.Decoder(Tick).decode

TaskBatches: TypeAlias = Sequence[tuple[TP, FetchedBatch]]


def in_portions(batches: TaskBatches) -> Iterator[TaskBatches]:
    """Yield runs of batches that are small enough to be decoded together."""
    first, size = 0, 0
    for i, (_, batch) in enumerate(batches):
        if size and size + len(batch.records) > MAX_RECORDS:
            yield batches[first:i]
            first, size = i, 0
        size += len(batch.records)
    yield batches[first:]


class Processor:
    """Processes batches; an error is left to the caller."""

    def __init__(
        self,
        names: Names,
        accumulator: Accumulator,
        marker: CrashMarker,
        sentiment: Sentiment | None,
        clock: Clock,
        tick_s: float,
    ) -> None:
        """``tick_s``: seconds between two judgements of silent fans."""
        self.inputs, self.clock_topic = names.inputs, names.clock
        self.accumulator, self.marker, self.sentiment, self.clock = accumulator, marker, sentiment, clock
        self.isolation, self.budget = Isolation(marker, sentiment), FlagBudget(tick_s)
        self.tick_ms = int(tick_s * 1000)

    def process(
        self, batches: TaskBatches, tasks: Mapping[int, ActiveTask], lag: Callable[[int], frozenset[int]]
    ) -> None:
        """Process batches in order; ``lag`` returns the inputs of a partition number that are not read to their end."""
        decoded = self._decode(batches)
        for i, (tp, batch) in enumerate(batches):
            active = tasks[tp.partition]
            if tp.topic == self.clock_topic:
                self._advance(active, batch, lag(tp.partition), len(tasks))
            else:
                self._process(active, tp, batch, decoded.get(i))
            active.advance_to(tp, batch.next_offset)
        self.accumulator.flush()

    def _decode(self, batches: TaskBatches) -> dict[int, DecodedBatch]:
        """Return the columns of batches that have records and need no isolation, by their place."""
        alone: list[list[int]] = []
        by_topic: dict[str, list[int]] = defaultdict(list)
        for i, (tp, batch) in enumerate(batches):
            if not len(batch.records) or tp.topic == self.clock_topic or self._must_isolate(tp, batch):
                continue
            if self.marker.is_suspect(tp, batch.offset, batch.next_offset):
                alone.append([i])
            else:
                by_topic[tp.topic].append(i)
        groups = [some[n : n + MAX_TOGETHER] for some in by_topic.values() for n in range(0, len(some), MAX_TOGETHER)]
        decoded: dict[int, DecodedBatch] = {}
        for together in (*alone, *groups):
            with self.marker.covering([batches[i] for i in together]):
                source = self.inputs[batches[together[0]][0].topic]
                decoded |= zip(
                    together, self._decode_together(source, [batches[i][1].records for i in together]), strict=True
                )
        return decoded

    def _decode_together(self, source: Input, records: Sequence[Records]) -> list[DecodedBatch]:
        with self.accumulator.timed("decode"):
            batch = decode(source, Records.joined(records), self.clock.now(), self.sentiment)
        return batch.split([len(some) for some in records])

    def _process(self, active: ActiveTask, tp: TP, batch: FetchedBatch, decoded: DecodedBatch | None) -> None:
        source = self.inputs[tp.topic]
        self._check_offsets(tp, active.offsets.get(tp), batch, source.name)
        before = len(active.task.pending.transitions)
        applied: list[DecodedBatch] = []
        if decoded is not None:
            with self.marker.covering([(tp, batch)]), self.accumulator.timed("fold"):
                applied = [active.task.process(source, decoded, batch.next_offset, self.clock.now())]
        elif len(batch.records):
            applied = self.isolation.apply(active, source, tp, batch, self.clock.now())
        for one in applied:
            self.accumulator.add_batch(source, one)
            if not source.is_internal:
                active.appended.append((source.name, one.accepted().timestamp))
        self.accumulator.add_transitions(active.task, active.task.pending.transitions[before:])
        active.task.applied[source.number] = batch.next_offset
        active.records += len(batch.records)
        if len(batch.records):
            active.newest_append[tp] = int(batch.records.timestamp[-1])

    def _advance(self, active: ActiveTask, batch: FetchedBatch, lag: frozenset[int], tasks: int) -> None:
        """Let time pass to the newest tick of a batch of the clock topic."""
        now = 0
        for record in batch.records:
            try:
                now = max(now, read_tick(record.value or b"").now)
            except msgspec.DecodeError:  # nobody else should write here, and one who does may not stop us
                log.warning("offset %s of %s is not a tick: passed over", record.offset, self.clock_topic)
        if now == 0:
            return
        self.accumulator.set_timer_lag(max(self.clock.now() - now, 0) / 1000)
        if now < active.silence_at:
            active.task.advance_service(now, {n: active.task.newest_read.get(n, 0) for n in lag})
            return
        limit = self.budget.take(active, now, tasks)
        before = len(active.task.pending.transitions)
        transitions = active.task.advance(Clocks(now, lag), Limits(limit, MAX_ROWS_PER_TICK))
        self.budget.spend(active, len(transitions))
        self.accumulator.add_transitions(active.task, active.task.pending.transitions[before:])
        has_more = len(transitions) >= limit or active.task.due_fans >= MAX_DUE
        active.silence_at = now if has_more else now + self.tick_ms

    def _must_isolate(self, tp: TP, batch: FetchedBatch) -> bool:
        return self.marker.must_isolate(tp, batch.offset, batch.next_offset)

    def _check_offsets(self, tp: TP, expected: int | None, batch: FetchedBatch, label: str) -> None:
        """Compare where a batch begins with the offset that is next: a gap is counted, an offset reset refused.

        Raises:
            ConfigError: the batch is from before: the topic is not the one that was read so far.
        """
        if expected is None or batch.offset == expected:
            return
        if batch.offset < expected:
            raise ConfigError(
                f"topic {tp.topic}, partition {tp.partition}, went back from offset {expected} to {batch.offset}: was "
                "it deleted and created again? start with another FANPULSE_GROUP, which reads everything from the start"
            )
        self.accumulator.count_gap(label, batch.offset - expected)
        log.error(
            "offsets %s to %s of topic %s, partition %s, are lost: retention removed them before we read them",
            expected,
            batch.offset - 1,
            tp.topic,
            tp.partition,
        )
