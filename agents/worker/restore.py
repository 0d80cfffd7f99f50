"""State restoration: the stores of newly assigned partitions from their changelogs, then their dedup windows.

All is read up to the high watermark taken now, after the assignment, and not to the last stable offset: an owner that
died may have decided transactions whose markers are still being written. Waiting for them takes at most the transaction
time-out. Committed records only.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from agents.clock import Clock
from agents.errors import ConfigError, FailStopError
from agents.transport.broker import BatchReader, Bounds, Offsets
from agents.transport.fetching import FetchedBatch
from agents.transport.reader import KafkaBatchReader
from schemas.topics import Names
from streams.decode.decoder import decode
from streams.dedup.windows import begin_offset
from streams.fans.layout import OtherVersionError
from streams.task import Task

log = logging.getLogger(__name__)

REPORT_S = 5.0
RESTORE_TAIL = 64  # offsets before the end in which the newest dedup record is looked for first

Apply = Callable[[TopicPartition, FetchedBatch], None]


class Restored(NamedTuple):
    """What was read: fans, and the changelog records that they came from."""

    fans: int
    records: int


async def restore(options: Mapping[str, Any], names: Names, tasks: Mapping[int, Task], clock: Clock) -> Restored:
    """Restore tasks by partition number from Kafka; ``options`` are those of every client.

    Raises:
        FailStopError: a record is not one of ours.
        ConfigError: a newer version wrote it.
    """
    if not tasks:
        return Restored(0, 0)
    async with KafkaBatchReader(options) as reader:
        return await restore_from(reader, names, tasks, clock)


async def restore_from(reader: BatchReader, names: Names, tasks: Mapping[int, Task], clock: Clock) -> Restored:
    """Restore tasks by partition number; see ``restore``."""
    restoration = Restoration(reader, names, tasks, clock)
    records = await restoration.restore_stores()
    await restoration.restore_dedup()
    return Restored(sum(len(task.fans) for task in tasks.values()), records)


class Restoration:
    """One restoration: one topic after the other."""

    def __init__(self, reader: BatchReader, names: Names, tasks: Mapping[int, Task], clock: Clock) -> None:
        self.reader, self.names, self.tasks, self.clock = reader, names, tasks, clock

    async def restore_stores(self) -> int:
        """Restore every store, and return how many records were read."""
        records = 0
        for store in self.names.stores:
            bounds = await self._bounds(self.names.changelog(store))

            def apply(tp: TopicPartition, batch: FetchedBatch, store: str = store) -> None:
                self._restore(store, tp, batch)

            records += await self._read(bounds.earliest, bounds.end, apply)
        for task in self.tasks.values():
            await asyncio.to_thread(task.finish_restore)  # kernels that take 150 ms at 750,000 fans
        return records

    async def restore_dedup(self) -> None:
        """Restore the dedup windows, and bring them up to the applied offsets by the ids of the records between."""
        bounds = await self._bounds(self.names.dedup)
        newest = await self._newest_records(bounds)
        starts = {tp: self._begin(value, bounds.earliest[tp]) for tp, value in newest.items()}
        values: dict[TopicPartition, list[bytes]] = {tp: [] for tp in starts}

        def collect(tp: TopicPartition, batch: FetchedBatch) -> None:
            values[tp] += [record.value or b"" for record in batch.records]

        await self._read(starts, bounds.end, collect)
        remaining: dict[TopicPartition, int] = {}
        for tp, some in values.items():
            remaining |= self._restore_windows(tp, some, bounds.end[tp])
        # What retention removed is not waited for, nor what a re-created topic does not have yet: preflight refuses it.
        ends = (await self.reader.bounds(remaining)).end if remaining else {}
        upto = {tp: min(self._task(tp).applied[self.names.inputs[tp.topic].number], ends[tp]) for tp in remaining}
        await self._read(remaining, upto, self._observe_ids)

    def _begin(self, newest: bytes, earliest: int) -> int:
        """Return where the log of dedup windows must be read from; its newest record says so."""
        try:
            return max(begin_offset(newest), earliest)
        except ValueError:
            return earliest  # it is read with the others, and refused

    def _restore_windows(self, tp: TopicPartition, values: list[bytes], end: int) -> dict[TopicPartition, int]:
        """Restore the windows of a partition; return where the inputs must be read to bring them up to date."""
        task = self.tasks[tp.partition]
        try:
            known = task.dedup.restore(values)
        except ValueError as error:
            log.error("%s: %s; repeats of what came before this start are not recognised", tp, error)  # noqa: TRY400
            task.reset_dedup()
            task.dedup.on_acknowledged(end - 1)  # the next restore begins behind what was of no use now
            return {}
        inputs = {source.number: name for name, source in self.names.inputs.items() if source.deduplicates}
        return {
            TopicPartition(inputs[number], tp.partition): offset
            for number, offset in known.items()
            if number in inputs and offset < task.applied.get(number, 0)
        }

    def _observe_ids(self, tp: TopicPartition, batch: FetchedBatch) -> None:
        source, task = self.names.inputs[tp.topic], self._task(tp)
        records = batch.records
        before = int((records.offset < task.applied[source.number]).sum())
        if not before:
            return
        records = records.part(0, before)
        # The append time is when these were read the first time, or shortly before: the same ones are refused again.
        task.observe_ids(source, decode(source, records, int(records.timestamp.max())), int(records.timestamp[-1]))

    async def _newest_records(self, bounds: Bounds) -> dict[TopicPartition, bytes]:
        """Return the value of the newest record of each partition that has one; control markers stand behind it."""
        begins, ends = bounds
        newest: dict[TopicPartition, bytes] = {}
        missing = {tp for tp in begins if begins[tp] < ends[tp]}
        tail = RESTORE_TAIL

        def keep(tp: TopicPartition, batch: FetchedBatch) -> None:
            if len(batch.records):
                newest[tp] = batch.records[len(batch.records) - 1].value or b""

        while missing:
            starts = {tp: max(begins[tp], ends[tp] - tail) for tp in missing}
            await self._read(starts, ends, keep)
            missing = {tp for tp in missing - newest.keys() if starts[tp] > begins[tp]}
            tail *= 16
        return newest

    async def _bounds(self, topic: str) -> Bounds:
        return await self.reader.bounds([TopicPartition(topic, number) for number in self.tasks])

    async def _read(self, starts: Offsets, ends: Offsets, apply: Apply) -> int:
        """Read partitions from their start to before their end; return how many records came."""
        records, reported = 0, self.clock.monotonic()
        async with aclosing(self.reader.read(starts, ends)) as batches:
            async for tp, batch in batches:
                apply(tp, batch)
                records += len(batch.records)
                if self.clock.monotonic() > reported + REPORT_S:
                    reported = self.clock.monotonic()
                    log.info("restoring: %s records of %s read", records, tp.topic)
        return records

    def _restore(self, store: str, tp: TopicPartition, batch: FetchedBatch) -> None:
        try:
            self.tasks[tp.partition].restore(store, batch.records)
        except OtherVersionError as error:
            raise ConfigError(
                f"{tp.topic}, partition {tp.partition}, before offset {batch.next_offset}: {error}"
            ) from None
        except ValueError as error:
            raise FailStopError(
                f"{tp.topic}, partition {tp.partition}, before offset {batch.next_offset}: {error}"
            ) from None

    def _task(self, tp: TopicPartition) -> Task:
        return self.tasks[tp.partition]
