"""Which tasks a worker owns over the generations of its group, where it reads from, and when it may write."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from faust.types import TP

from agents.errors import ConfigError, FailStopError
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from streams.task import Task
from tests.agents.worker.memory_worker import NAMES, MemoryWorker, broker_with_topics, clock_tp, produce, scene, tp
from tests.support.memory_broker import MemoryBroker


@pytest.fixture
def broker() -> MemoryBroker:
    return broker_with_topics(2)


@pytest.fixture
def worker(broker: MemoryBroker, tmp_path: Path) -> MemoryWorker:
    return MemoryWorker(broker, tmp_path, partitions=2)


def every(*numbers: int) -> set[TP]:
    return {TP(topic, number) for topic in (*NAMES.inputs, NAMES.clock) for number in numbers}


def test_the_next_generation_keeps_the_tasks_in_memory(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start(every(0, 1))
        kept = worker.task(1)
        await worker.start(every(1))
        assert worker.assignment.tasks.keys() == {1}
        assert worker.task(1) is kept
        await worker.start(every(0, 1))
        assert worker.task(1) is kept

    scene(claim)


def test_tasks_are_dropped_where_another_worker_may_have_owned_them_meanwhile(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start(every(0, 1))
        dropped = worker.task(1)
        worker.broker.join("g")  # a generation that we missed
        produce(worker.broker, 0, 3, tp(LIKES, 1))
        await worker.start(every(0, 1))
        assert worker.task(1) is not dropped

    scene(claim)


def test_an_assignment_from_when_the_leading_topic_was_missing_is_incomplete(worker: MemoryWorker) -> None:
    without = {one for one in every(0, 1) if one.topic != NAMES.leading_input}
    assert worker.assignment.is_incomplete(without)
    assert not worker.assignment.is_incomplete(every(0, 1))


def test_an_assignment_from_before_an_input_was_subscribed_is_incomplete(worker: MemoryWorker) -> None:
    assert worker.assignment.is_incomplete(every(0, 1) - {tp(COMMENTS, 1)})


def test_internal_and_optional_inputs_may_come_without_their_task(worker: MemoryWorker) -> None:
    internal = {one for one in every(0, 1) if one.topic not in NAMES.public_inputs}
    assert not worker.assignment.is_incomplete(internal)
    assert not worker.assignment.is_incomplete({TP("visits", 0)})


def test_inputs_without_their_leading_partition_are_not_owned(
    worker: MemoryWorker, caplog: pytest.LogCaptureFixture
) -> None:
    async def claim() -> None:
        produce(worker.broker, 0, 3, tp(COMMENTS, 1))
        await worker.start({*every(0), tp(COMMENTS, 1), clock_tp(1)})
        assert worker.assignment.owns(tp(COMMENTS, 0))
        assert not worker.assignment.owns(tp(COMMENTS, 1))
        worker.poll()
        await worker.commit(with_tick=True)
        assert ("g", tp(COMMENTS, 1)) not in worker.broker.committed
        (warning,) = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        assert (
            warning == "partitions of comments, g-clock are assigned without their tasks: other workers own the tasks"
        )

    scene(claim)


@pytest.mark.parametrize("committed", [None, 3, 5, 9])
def test_an_applied_offset_is_the_start_whatever_is_committed(
    worker: MemoryWorker, caplog: pytest.LogCaptureFixture, committed: int | None
) -> None:
    async def claim() -> None:
        await worker.start(every(0))
        worker.task().applied = {LIKES.number: 5}
        caplog.clear()
        starts = worker.assignment.starting_offsets({tp(): committed, tp(COMMENTS): 4, clock_tp(): 2, tp(LIKES, 1): 8})
        assert starts == {tp(): 5}
        result = [one.getMessage() for one in caplog.records]
        assert len(result) == (committed not in {None, 5})
        assert all("fanpulse replay" in one and "fanpulse offsets skip" in one for one in result)

    scene(claim)


def test_a_worker_writes_nothing_before_its_seek(worker: MemoryWorker) -> None:
    async def claim() -> None:
        member = worker.broker.join("g")
        worker.assignment.on_partitions_assigned(every(0), member)
        assert worker.assignment.current_member() is None
        await worker.assignment.restore()
        worker.flush.has_pending.clear()
        assert worker.assignment.current_member() is None
        worker.assignment.on_seek({tp(): 0, tp(LIKES, 9): 4})
        assert worker.assignment.current_member() == member
        assert worker.active().offsets == {tp(): 0}
        assert worker.flush.has_pending.is_set()

    scene(claim)


def test_a_worker_without_partitions_needs_no_seek(worker: MemoryWorker) -> None:
    async def claim() -> None:
        member = worker.broker.join("g")
        worker.assignment.on_partitions_assigned(set(), member)
        await worker.assignment.restore()
        assert worker.assignment.current_member() == member

    scene(claim)


def test_a_seek_sets_the_applied_offsets_but_not_that_of_the_clock(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start(every(0))
        worker.assignment.on_seek({tp(): 7, clock_tp(): 9})
        assert worker.active().offsets == {tp(): 7, clock_tp(): 9}
        assert worker.task().applied[LIKES.number] == 7
        assert worker.task().applied.keys() == {source.number for source in NAMES.declared}

    scene(claim)


def test_a_rebalance_during_a_restore_starts_over(worker: MemoryWorker) -> None:
    async def claim() -> None:
        first, second = worker.broker.join("g"), worker.broker.join("g")
        restore = worker.assignment.restore_tasks

        async def be_interrupted(tasks: Mapping[int, Task]) -> object:
            worker.assignment.on_partitions_assigned(every(1), second)
            return await restore(tasks)

        worker.assignment.on_partitions_assigned(every(0), first)
        worker.assignment.restore_tasks = be_interrupted  # type: ignore[assignment]
        await worker.assignment.restore()
        assert worker.assignment.current_member() is None
        assert not worker.assignment.tasks
        worker.assignment.restore_tasks = restore
        await worker.assignment.restore()
        assert worker.assignment.is_ready
        assert worker.assignment.tasks.keys() == {1}

    scene(claim)


def test_a_check_that_refuses_leaves_the_worker_without_tasks(worker: MemoryWorker) -> None:
    async def claim() -> None:
        async def refuse(tasks: Mapping[int, Task]) -> None:
            raise ConfigError(f"refused {sorted(tasks)}")

        worker.assignment.check = refuse
        with pytest.raises(ConfigError, match=r"refused \[0, 1\]"):
            await worker.start()
        assert not worker.assignment.tasks
        assert worker.assignment.current_member() is None

    scene(claim)


def test_a_revocation_commits_what_is_applied_and_nothing_after_it(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start()
        produce(worker.broker, 0, 5)
        worker.poll()
        await worker.assignment.on_partitions_revoked()
        assert worker.broker.committed["g", tp()].offset == 5
        assert worker.assignment.current_member() is None
        assert not worker.assignment.is_ready
        committed = len(worker.broker.transactions)
        await worker.commit(with_tick=True)
        assert len(worker.broker.transactions) == committed

    scene(claim)


def test_a_revocation_waits_for_the_transaction_on_its_way(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start()
        async with worker.flush.in_transaction:
            revoked = asyncio.ensure_future(worker.assignment.on_partitions_revoked())
            for _ in range(5):
                await asyncio.sleep(0)
            assert not revoked.done()
            assert worker.assignment.current_member() is None, "nothing more is applied"
        await revoked

    scene(claim)


def test_a_worker_whose_generation_is_over_commits_nothing_and_ends(worker: MemoryWorker) -> None:
    async def claim() -> None:
        errors: list[Exception] = []
        worker.assignment.on_error = errors.append
        await worker.start()
        produce(worker.broker, 0, 5)
        worker.poll()
        worker.broker.join("g")  # it slept past its session
        await worker.assignment.on_partitions_revoked()
        assert [str(error) for error in errors] == [
            "transaction not committed: StaleMemberError('our generation is over')"
        ]
        assert ("g", tp()) not in worker.broker.committed

    scene(claim)


def test_a_fenced_worker_ends(worker: MemoryWorker) -> None:
    with pytest.raises(FailStopError, match="another worker"):
        worker.assignment.on_fenced("another worker has our name")


def test_lag_is_asked_of_the_inputs_of_one_number_at_the_offsets_applied(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start()
        asked: list[Mapping[TP, int | None]] = []

        def with_lag(applied: Mapping[TP, int | None]) -> set[TP]:
            asked.append(applied)
            return {tp(COMMENTS, 1)}

        assert worker.assignment.lag(1, with_lag) == {COMMENTS.number}
        assert asked == [{TP(topic, 1): 0 for topic in NAMES.inputs}]

    scene(claim)


def test_restored_tasks_publish_small_changes_one_after_the_other(worker: MemoryWorker) -> None:
    async def claim() -> None:
        await worker.start()
        now, delay = worker.clock.monotonic(), worker.flush.publish_delay_s
        assert [worker.active(number).publish_at for number in (0, 1)] == [now + delay / 2, now + delay]

    scene(claim)
