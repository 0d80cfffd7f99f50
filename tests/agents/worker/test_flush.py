"""What one transaction holds, when it is written, and that the group's generation fences each."""

import asyncio
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from aiokafka import TopicPartition

from agents.errors import FailStopError
from agents.metrics import Metrics
from agents.transport.group_metadata import GroupMetadata
from agents.transport.transaction import TransactionBatch
from agents.worker.active_task import ActiveTask
from agents.worker.batch_size import MIN_SIZE
from agents.worker.flush import BACKLOG_INTERVAL_S, CLOCK_INTERVAL_S, Flush
from schemas.inputs.comments import COMMENTS
from streams.fans.columns import Dirty, mark
from streams.fans.model import MODEL
from streams.fans.store import PUBLISH, PUBLISH_LATER
from streams.wire.records import ByteSlices
from tests.agents.transport.recording import MEMBER, recording_writer
from tests.agents.worker.memory_worker import (
    CHANGELOG,
    NAMES,
    own,
    scene,
    tp,
)
from tests.streams.histories import new_task
from tests.support.clock import ManualClock

DEADLINE_S = 10.0
UNMOVED = {tp(): 40}
WAITS = int(Dirty.PUBLISH | Dirty.PUBLISH_LATER)


class SlowWriter:
    """Stands for the transaction: it is on its way until a test lets it end."""

    def __init__(self) -> None:
        self.batches: list[TransactionBatch] = []
        self.began, self.may_end = asyncio.Event(), asyncio.Event()

    async def write(self, batch: TransactionBatch, member: GroupMetadata) -> dict[TopicPartition, int]:
        self.batches.append(batch)
        self.began.set()
        await self.may_end.wait()
        return {}


def flush_to(writer: SlowWriter, clock: ManualClock | None = None) -> Flush:
    return Flush(writer, NAMES, Metrics(MODEL, ["weibo"]), clock or ManualClock(), 60.0)


def one_task(*dirty: Dirty, publish_at: float = 0.0) -> ActiveTask:
    """Return a task after its seek, with a fan for each dirty flag; nothing was read since."""
    one = ActiveTask(0, new_task(), publish_at)
    fans = one.task.fans
    fans.find(ByteSlices.of([b"b:%d" % i for i in range(len(dirty))]))
    fans.columns.rows["seq"][: len(dirty)] = 1
    for row, bits in enumerate(dirty):
        mark(fans.columns, row, bits)
    one.seek({tp(source): 40 + source.number for source in NAMES.declared})
    return one


def counts(batch: TransactionBatch) -> dict[str, int]:
    return dict(batch.count())


def test_processing_waits_while_a_transaction_is_on_its_way_and_the_next_is_full() -> None:
    async def claim() -> None:
        writer, tasks = SlowWriter(), {0: one_task()}
        flush = flush_to(writer)
        tasks[0].records = MIN_SIZE
        await asyncio.wait_for(flush.wait_for_capacity(tasks), DEADLINE_S)  # nothing is on its way
        tasks[0].advance_to(tp(), 41)
        first = asyncio.create_task(flush.flush(tasks, lambda: MEMBER))
        await asyncio.wait_for(writer.began.wait(), DEADLINE_S)
        tasks[0].records = MIN_SIZE - 1
        await asyncio.wait_for(flush.wait_for_capacity(tasks), DEADLINE_S)
        tasks[0].records = MIN_SIZE
        waiting = asyncio.create_task(flush.wait_for_capacity(tasks))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        writer.may_end.set()
        await asyncio.wait_for(asyncio.gather(first, waiting), DEADLINE_S)

    scene(claim)


def test_more_rows_than_fit_are_published_over_several_transactions_urgent_ones_first_each_once() -> None:
    async def claim() -> None:
        writer, n = SlowWriter(), 2 * MIN_SIZE + 5
        writer.may_end.set()
        flush, one = flush_to(writer), one_task(*[Dirty.PUBLISH_LATER] * (n - 2), Dirty.PUBLISH, Dirty.PUBLISH)
        columns, sizes, published = one.task.fans.columns, list[int](), Counter[int]()
        while columns.queued[PUBLISH] or columns.queued[PUBLISH_LATER]:
            flush.size.limit = MIN_SIZE
            before = columns.dirty[:n] & WAITS != 0
            await flush.flush({0: one}, lambda: MEMBER)
            sizes.append(counts(writer.batches[-1])["fan-scores"])
            published.update(np.flatnonzero(before & (columns.dirty[:n] & WAITS == 0)).tolist())
            assert not (columns.dirty[n - 2 : n] & WAITS).any()
        assert sizes == [MIN_SIZE, MIN_SIZE, 5]
        assert len(published) == n

    scene(claim)


def test_the_limit_is_shared_by_the_tasks() -> None:
    async def claim() -> None:
        writer = SlowWriter()
        writer.may_end.set()
        flush, tasks = flush_to(writer), {n: one_task(*[Dirty.PUBLISH] * 10) for n in range(3)}
        for number, one in tasks.items():
            one.number = number
        flush.size.limit = 6
        await flush.flush(tasks, lambda: MEMBER)
        assert counts(writer.batches[0])["fan-scores"] == 2
        assert [int(one.task.fans.columns.queued[PUBLISH]) for one in tasks.values()] == [8, 8, 8]

    scene(claim)


def committed(one: ActiveTask, *, tick: bool = False) -> tuple[set[str], dict[TopicPartition, int], bool]:
    """Flush once; return the topics written to, the offsets committed, and whether that counts as progress."""
    found: list[tuple[set[str], dict[TopicPartition, int], bool]] = []

    async def claim() -> None:
        writer, producer = recording_writer()
        clock = ManualClock()
        flush = Flush(writer, NAMES, Metrics(MODEL, ["weibo"]), clock, 60.0)
        before, clock.ms = flush.committed_at, clock.ms + 1
        await flush.flush({0: one}, lambda: MEMBER, tick=tick)
        assert producer.steps == ["begin", "offsets", "commit"]
        found.append((producer.topics[0], producer.offsets[0], flush.committed_at > before))

    scene(claim)
    return found[0]


def test_scores_that_only_waited_are_fenced_by_an_unmoved_offset() -> None:
    topics, offsets, is_progress = committed(one_task(Dirty.PUBLISH_LATER))
    assert topics == {"fan-scores", CHANGELOG}
    assert offsets == UNMOVED
    assert not is_progress


def test_time_alone_is_fenced_by_an_unmoved_offset() -> None:
    assert committed(one_task(), tick=True) == ({NAMES.clock}, UNMOVED, False)


def test_what_moved_is_all_that_is_committed() -> None:
    one = one_task(Dirty.PUBLISH_LATER)
    one.advance_to(tp(COMMENTS), 99)
    _, offsets, is_progress = committed(one, tick=True)
    assert offsets == {tp(COMMENTS): 99}
    assert is_progress


def test_an_offset_of_the_clock_is_committed_and_no_progress() -> None:
    one = one_task()
    one.advance_to(own(NAMES.clock), 9)
    assert committed(one) == (set(), {own(NAMES.clock): 9}, False)


def test_nothing_is_written_where_no_offset_is_known() -> None:
    async def claim() -> None:
        one = one_task(Dirty.PUBLISH_LATER)
        one.offsets.clear()
        writer, producer = recording_writer()
        flush = Flush(writer, NAMES, Metrics(MODEL, ["weibo"]), ManualClock(), 60.0)
        with pytest.raises(FailStopError, match="transaction without offsets"):
            await flush.flush({0: one}, lambda: MEMBER)
        assert producer.steps == []

    scene(claim)


def test_nothing_is_written_between_two_assignments_or_where_there_is_nothing() -> None:
    async def claim() -> None:
        writer = SlowWriter()
        await flush_to(writer).flush({0: one_task(Dirty.PUBLISH)}, lambda: None, tick=True)
        await flush_to(writer).flush({0: one_task()}, lambda: MEMBER)
        assert writer.batches == []

    scene(claim)


def test_small_changes_are_published_when_the_delay_is_over_and_it_begins_again() -> None:
    async def claim() -> None:
        writer, clock = SlowWriter(), ManualClock()
        writer.may_end.set()
        flush, one = flush_to(writer, clock), one_task(Dirty.PUBLISH_LATER, publish_at=clock.monotonic() + 60.0)
        clock.ms += 59_999
        one.advance_to(tp(), 41)
        await flush.flush({0: one}, lambda: MEMBER)
        assert "fan-scores" not in counts(writer.batches[-1])
        clock.ms += 1
        await flush.flush({0: one}, lambda: MEMBER)
        assert counts(writer.batches[-1])["fan-scores"] == 1
        assert one.publish_at == clock.monotonic() + flush.publish_delay_s

    scene(claim)


async def until(holds: Callable[[], bool], what: str) -> None:
    """Let the loop run until a condition holds."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():  # noqa: ASYNC110  conditions of the flush have no event
                await asyncio.sleep(0.001)
    except TimeoutError:
        raise AssertionError(f"not within {DEADLINE_S:g} s: {what}") from None


def test_on_a_backlog_the_next_transaction_waits_for_the_interval() -> None:
    async def claim() -> None:
        writer, clock, asked = SlowWriter(), ManualClock(), Counter[bool]()
        writer.may_end.set()
        flush, one = flush_to(writer, clock), one_task()

        def has_backlog() -> bool:
            asked[True] += 1
            return True

        running = asyncio.create_task(flush.run({0: one}, lambda: MEMBER, has_backlog))
        one.advance_to(tp(), 41)
        one.records = 1
        flush.has_pending.set()
        await until(lambda: len(writer.batches) == 1, "the first transaction, at once")
        one.advance_to(tp(), 42)
        one.records = 1
        clock.ms += int(BACKLOG_INTERVAL_S * 1000) - 1
        flush.has_pending.set()
        before = asked[True]
        await until(lambda: asked[True] >= before + 3, "three looks at the backlog")
        assert len(writer.batches) == 1
        clock.ms += 1
        await until(lambda: len(writer.batches) == 2, "a transaction after the interval")
        one.advance_to(tp(), 43)
        one.records = flush.size.limit
        flush.has_pending.set()
        await until(lambda: len(writer.batches) == 3, "a transaction at once, because it is full")
        running.cancel()

    scene(claim)


def test_the_clock_topic_gets_a_record_a_second_and_partition() -> None:
    async def claim() -> None:
        writer, clock = SlowWriter(), ManualClock()
        writer.may_end.set()
        flush, tasks = flush_to(writer, clock), {n: one_task(publish_at=1e12) for n in range(2)}
        running = asyncio.create_task(flush.run(tasks, lambda: MEMBER, lambda: False))
        for n in range(1, 4):
            flush.has_pending.set()
            await until(lambda n=n: len(writer.batches) == n, f"record {n} of the clock")  # type: ignore[misc]
            clock.ms += int(CLOCK_INTERVAL_S * 1000)
        running.cancel()
        assert [len(batch.single) for batch in writer.batches] == [2, 2, 2]
        assert {at.topic for batch in writer.batches for at in batch.single} == {NAMES.clock}

    scene(claim)
