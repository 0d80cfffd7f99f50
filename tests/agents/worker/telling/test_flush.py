"""What one transaction holds: no more than the broker takes in time, and in the end everything once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from aiokafka import TopicPartition

from agents.errors import FailStopError
from agents.metrics import Metrics
from agents.transport.load import Load
from agents.worker.owning.held import Held
from agents.worker.telling.flush import Flush
from agents.worker.telling.pace import LEAST, MOST, TARGET_S, Pace
from schemas.topics import Names
from streams.columns import Todo
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.spans import Texts
from tests.agents.transport.recording import MEMBER, recording_writer

NAMES = Names("", "", "g")


class Writer:
    """Stands for the transaction: it is on its way until told to end."""

    def __init__(self) -> None:
        self.loads: list[Load] = []
        self.began, self.may_end = asyncio.Event(), asyncio.Event()

    async def write(self, load: Load, who: Any) -> None:
        self.loads.append(load)
        self.began.set()
        await self.may_end.wait()


def flush_to(writer: Writer) -> Flush:
    return Flush(writer, NAMES, Metrics(["weibo"]), 60.0, 5.0)  # type: ignore[arg-type]


def test_the_next_transaction_is_as_large_as_the_last_ones_speed_allows() -> None:
    pace = Pace()
    assert pace.most == LEAST
    for n, seconds, most in [
        (MOST, TARGET_S, MOST),
        (MOST, 2 * TARGET_S, MOST // 2),
        (1, 1.0, LEAST),
        (MOST, 0.1, MOST),
    ]:
        pace.took(n, seconds)
        assert pace.most == most


def test_applying_waits_while_a_transaction_is_on_its_way_and_the_next_is_full() -> None:
    async def scene() -> None:
        writer = Writer()
        flush, held = flush_to(writer), {0: Held(0, Partition(Brands({}, Params())), 1e12)}
        held[0].outbox.events = LEAST
        await asyncio.wait_for(flush.room(held), 5)  # nothing is on its way
        held[0].outbox.offsets[TopicPartition("likes", 0)] = 1
        first = asyncio.create_task(flush.flush(held, object))  # type: ignore[arg-type, return-value]
        await asyncio.wait_for(writer.began.wait(), 5)
        held[0].outbox.events = LEAST - 1
        await asyncio.wait_for(flush.room(held), 5)
        held[0].outbox.events = LEAST
        waiting = asyncio.create_task(flush.room(held))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        writer.may_end.set()
        await asyncio.wait_for(asyncio.gather(first, waiting), 5)

    asyncio.run(scene())


def test_more_rows_than_fit_are_told_in_turns_urgent_ones_first_each_once() -> None:
    async def scene() -> None:
        writer = Writer()
        writer.may_end.set()
        flush, one = flush_to(writer), Held(0, Partition(Brands({}, Params()), 0, 1), 0.0)
        fans, n = one.partition.fans, 2 * LEAST + 5
        fans.find(Texts.of([b"b:%d" % i for i in range(n)]))
        fans.columns.todo[: n - 2] = Todo.SETTLE
        fans.columns.todo[n - 2 : n] = Todo.ANNOUNCE
        sizes, told = [], Counter[int]()
        while True:
            flush.pace.most = LEAST
            before = fans.waiting(Todo.SETTLE | Todo.ANNOUNCE)
            if not len(before):
                break
            await flush.flush({0: one}, object)  # type: ignore[arg-type, return-value]
            after = set(fans.waiting(Todo.SETTLE | Todo.ANNOUNCE).tolist())
            sizes.append(dict(writer.loads[-1].count())["fan-scores"])
            told.update(set(before.tolist()) - after)
            assert not {n - 2, n - 1} & after
        assert sizes == [LEAST, LEAST, 5]
        assert set(told.values()) == {1}
        assert len(told) == n

    asyncio.run(scene())


def one_partition(*todo: Todo) -> Held:
    """Return a partition after its seek, with a fan for each dirty flag; nothing was read since."""
    one = Held(0, Partition(Brands({}, Params()), 0, 1), 0.0)
    one.partition.fans.find(Texts.of([b"b:%d" % i for i in range(len(todo))]))
    one.partition.fans.columns.todo[: len(todo)] = todo
    one.applied |= {TopicPartition(topic, 0): at for at, topic in enumerate(NAMES.inputs, 40)}
    return one


def committed(one: Held, *, ticks: bool = False) -> tuple[set[str], dict[TopicPartition, int], bool]:
    """Flush once; return the topics written to, the offsets committed, and whether that counts as progress."""

    async def scenario() -> tuple[set[str], dict[TopicPartition, int], bool]:
        writer, producer = recording_writer()
        flush = Flush(writer, NAMES, Metrics(["weibo"]), 60.0, 5.0)
        before = flush.committed_at
        await flush.flush({0: one}, lambda: MEMBER, ticks=ticks)
        assert producer.steps == ["begin", "offsets", "commit"]
        return producer.topics[0], producer.offsets[0], flush.committed_at > before

    return asyncio.run(scenario())


UNMOVED = {TopicPartition("likes", 0): 40}


def test_scores_that_only_waited_are_fenced_by_an_unchanged_offset() -> None:
    topics, offsets, is_progress = committed(one_partition(Todo.SETTLE))
    assert topics == {"fan-scores", NAMES.changelog}
    assert offsets == UNMOVED
    assert not is_progress


def test_ticks_alone_are_fenced_by_an_unchanged_offset() -> None:
    assert committed(one_partition(), ticks=True) == ({NAMES.ticks}, UNMOVED, False)


def test_what_moved_is_all_that_is_committed() -> None:
    one = one_partition(Todo.SETTLE)
    moved = {TopicPartition("comments", 0): 99}
    one.outbox.offsets |= moved
    one.applied |= moved
    _, offsets, is_progress = committed(one, ticks=True)
    assert offsets == moved
    assert is_progress


def test_nothing_is_written_where_no_offset_is_known() -> None:
    one = one_partition(Todo.SETTLE)
    one.applied.clear()

    async def scenario() -> None:
        writer, producer = recording_writer()
        flush = Flush(writer, NAMES, Metrics(["weibo"]), 60.0, 5.0)
        with pytest.raises(FailStopError, match="transaction without offsets"):
            await flush.flush({0: one}, lambda: MEMBER)
        assert producer.steps == []

    asyncio.run(scenario())
