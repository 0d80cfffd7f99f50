"""The flush: everything that blocks left behind, as one transaction, as soon as it pays."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import chain

import msgspec
import numpy as np
from aiokafka import TopicPartition

from agents.metrics import Metrics
from agents.transport.load import Load, Out
from agents.transport.membership import Membership
from agents.transport.writer import Writer
from agents.worker.owning.held import Held, Outbox
from agents.worker.telling.pace import Pace
from schemas.layout import Ints
from schemas.outputs import Tick
from schemas.topics import Names
from streams.columns import Todo
from streams.records.flags import json_flags
from streams.records.scores import json_scores

log = logging.getLogger(__name__)

APART_S = 0.010  # between the beginnings of flushes while caught up: what latency costs
BEHIND_S = 3.0  # the same on a backlog: one changelog record per fan and flush, so fewer flushes write less

encode = msgspec.json.Encoder().encode


class Flush:
    """Writes what the held partitions have to tell; one transaction at a time, in the order of the blocks."""

    def __init__(self, writer: Writer, names: Names, metrics: Metrics, settle_s: float, tick_s: float) -> None:
        self.writer, self.names, self.metrics = writer, names, metrics
        self.settle_s, self.tick_s = settle_s, tick_s
        self.changed = asyncio.Event()
        self.turn = asyncio.Lock()  # held while a transaction is open
        self.pace = Pace()
        self.committed_at = time.monotonic()

    async def run(
        self, held: Mapping[int, Held], who: Callable[[], Membership | None], behind: Callable[[], bool]
    ) -> None:
        """Flush for ever: at once when caught up, seldom when behind; rows settle, time passes."""
        began, ticked = 0.0, 0.0
        while True:
            await self._wait(began, held, behind)
            now = time.monotonic()
            if who() is None:  # between two assignments
                self.changed.clear()
                await asyncio.sleep(APART_S)
                continue
            ticks = now - ticked >= self.tick_s
            ticked = now if ticks else ticked
            self.changed.clear()
            if ticks or any(one.outbox for one in held.values()) or any(one.settle_at <= now for one in held.values()):
                await self.flush(held, who, ticks=ticks)
            began = now

    async def _wait(self, began: float, held: Mapping[int, Held], behind: Callable[[], bool]) -> None:
        settle = min((one.settle_at for one in held.values()), default=began + 1.0)
        idle = max(min(settle - time.monotonic(), self.tick_s, 1.0), APART_S)
        try:
            await asyncio.wait_for(self.changed.wait(), idle)
        except TimeoutError:
            return
        while (left := began + (BEHIND_S if behind() else APART_S) - time.monotonic()) > 0:
            if self._is_full(held):
                return
            await asyncio.sleep(min(left, APART_S))

    async def room(self, held: Mapping[int, Held]) -> None:
        """Wait for the transaction on its way, if there is already as much to tell as goes into the next."""
        if self._is_full(held):
            async with self.turn:
                pass

    def _is_full(self, held: Mapping[int, Held]) -> bool:
        return sum(one.outbox.events for one in held.values()) >= self.pace.most

    async def flush(
        self, held: Mapping[int, Held], who: Callable[[], Membership | None], *, ticks: bool = False
    ) -> None:
        """Write one transaction of all there is to tell.

        Raises:
            FailStopError: it was not committed for certain.
        """
        async with self.turn:
            member = who()
            if member is None:
                return
            began, now_ms = time.perf_counter(), int(time.time() * 1000)
            load = Load(now_ms)
            boxes = [self._collect(one, load, self.pace.most // len(held)) for one in held.values()]
            if ticks:
                tick = [Out(None, encode(Tick(now_ms)))]
                load.few |= {TopicPartition(self.names.ticks, number): tick for number in held}
            if not load:
                return
            moved = load.offsets
            load.offsets = moved or self._unmoved_offset(held)
            wrote = time.perf_counter()
            await self.writer.write(load, member)
            self.metrics.stage["write"].observe(wrote - began)
            self.metrics.stage["commit"].observe(time.perf_counter() - wrote)
            if any(tp.topic != self.names.ticks for tp in moved):  # time alone is no progress
                self.committed_at = time.monotonic()
            rows = sum(n for _, n in load.count()) // 2  # each is recorded and told
            self.pace.took(max(sum(box.events for box in boxes), rows), time.perf_counter() - began)
            self._count(boxes, load)

    def _unmoved_offset(self, held: Mapping[int, Held]) -> dict[TopicPartition, int]:
        """Return the offset of one partition as it stands: committing it is what fences a transaction (KIP-447).

        Scores that waited for their publish delay and ticks move no offset. One is enough, for the broker checks the
        generation and not the partition; all 144 of a worker would be 5,000 records/s in the offsets topic.
        """
        for one in held.values():
            at = TopicPartition(self.names.inputs[0], one.number)
            if at in one.applied:
                return {at: one.applied[at]}
        return {}

    def _pick(self, held: Held, most: int) -> Ints:
        """Return the rows to announce, the urgent ones first; what is more than ``most`` comes with the next flush."""
        now, todo, urgent = time.monotonic(), held.partition.fans.columns.todo, int(Todo.ANNOUNCE)
        is_due = held.settle_at <= now
        picked = held.partition.fans.waiting(urgent | Todo.SETTLE if is_due else urgent)
        if len(picked) > most:
            held.settle_at = now
            return picked[np.argsort(todo[picked] & urgent == 0, kind="stable")[:most]]
        if is_due:
            held.settle_at = now + self.settle_s
        return picked

    def _collect(self, held: Held, load: Load, most: int) -> Outbox:
        """Take what a partition has to tell, scores of ``most`` rows; from here on a failure must end the process."""
        fans, names, picked = held.partition.fans, self.names, self._pick(held, most)
        if len(picked):
            fans.announced(picked)
            texts = json_scores(fans.columns, picked, fans.brands, fans.index)
            load.pack(names.fan_scores, held.number, fans.index.texts(picked), texts)
        box = held.take_outbox()
        if box.turns:
            turns = np.concatenate(box.turns)
            texts = json_flags(fans.columns, turns, box.proofs, fans.brands, fans.index)
            load.pack(names.fan_flags, held.number, fans.index.texts(turns["row"]), texts)
        load.pack(names.changelog, held.number, *fans.records())
        for number, outs in box.credits.items():
            load.pack_each(names.credits, number, outs)
        if box.letters:
            load.few[TopicPartition(names.dead_letters, held.number)] += box.letters
        load.offsets |= box.offsets
        return box

    def _count(self, boxes: list[Outbox], load: Load) -> None:
        now_ms, stamps = time.time() * 1000, defaultdict[str, list[Ints]](list)
        for topic, some in chain.from_iterable(box.stamps for box in boxes):
            stamps[topic].append(some)
        for topic, all_of_it in stamps.items():
            self.metrics.latency.observe(topic, np.maximum(now_ms - np.concatenate(all_of_it), 0.0) / 1000.0)
        for topic, n in load.count():
            if topic == self.names.changelog:
                self.metrics.changelog.inc(n)
            elif topic in {self.names.fan_scores, self.names.fan_flags}:
                self.metrics.announcements.labels(topic.removeprefix(self.names.output_prefix)).inc(n)
