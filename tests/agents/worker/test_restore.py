"""What a restore reads from the changelogs: rows, tombstones, and applied offsets."""

from pathlib import Path

import pytest

from agents.errors import ConfigError, FailStopError
from schemas.inputs.likes import LIKES
from schemas.outputs.applied_offsets import APPLIED_OFFSETS_KEY
from streams.task import Task
from tests.agents.worker.memory_worker import (
    CHANGELOG,
    MemoryWorker,
    broker_with_topics,
    own,
    produce,
    scene,
    tp,
)
from tests.support.clock import ManualClock
from tests.support.memory_broker import MemoryBroker


@pytest.fixture
def broker() -> MemoryBroker:
    return broker_with_topics()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def rows(task: Task) -> bytes:
    return task.fans.columns.rows[: len(task.fans)].tobytes()


async def restored(broker: MemoryBroker, folder: Path, clock: ManualClock) -> MemoryWorker:
    worker = MemoryWorker(broker, folder, clock)
    await worker.start()
    return worker


def test_rows_come_back_as_they_were(broker: MemoryBroker, tmp_path: Path, clock: ManualClock) -> None:
    async def claim() -> None:
        before = await restored(broker, tmp_path, clock)
        for n in range(250):  # more than one fetch
            produce(broker, n, 1, fan=f"f{n}")
        await before.work()
        produce(broker, 250, 7, fan="f3")
        await before.work()
        after = await restored(broker, tmp_path, clock)
        assert rows(after.task()) == rows(before.task())
        assert after.value("fanpulse_restored_fans") == 250

    scene(claim)


def test_a_tombstone_deletes_the_fan(broker: MemoryBroker, tmp_path: Path, clock: ManualClock) -> None:
    async def claim() -> None:
        before = await restored(broker, tmp_path, clock)
        produce(broker, 0, 3, fan="a")
        produce(broker, 3, 3, fan="b")
        await before.work()
        broker.produce(own(CHANGELOG), [(b"miot:a", None)])
        after = await restored(broker, tmp_path, clock)
        assert [after.likes(name=name) for name in "ab"] == [0, 3]
        produce(broker, 6, 1, fan="a")
        after.poll()
        assert after.likes(name="a") == 1, "they come as a new fan"

    scene(claim)


@pytest.mark.parametrize(
    ("key", "value", "error", "match"),
    [
        (b"miot:f", b"\xc8" + bytes(400), ConfigError, "newer version wrote"),
        (b"miot:f", b"\x01" + bytes(400), ConfigError, "start with another FANPULSE_GROUP"),
        (APPLIED_OFFSETS_KEY, b"no JSON", FailStopError, "partition 0, before offset"),
        (APPLIED_OFFSETS_KEY, None, FailStopError, "partition 0, before offset"),
    ],
    ids=["a newer layout", "layout 1", "broken applied offsets", "deleted applied offsets"],
)
def test_a_record_that_is_not_ours_ends_the_start(
    broker: MemoryBroker,
    tmp_path: Path,
    clock: ManualClock,
    key: bytes,
    value: bytes | None,
    error: type[Exception],
    match: str,
) -> None:
    async def claim() -> None:
        broker.produce(own(CHANGELOG), [(key, value)])
        with pytest.raises(error, match=match):
            await restored(broker, tmp_path, clock)

    scene(claim)


def test_a_restore_waits_for_a_transaction_whose_marker_is_still_to_come(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock
) -> None:
    async def claim() -> None:
        before = await restored(broker, tmp_path, clock)
        produce(broker, 0, 3)
        await before.work()
        deciding = broker.begin("a dead worker")
        deciding.append(own(CHANGELOG), [(APPLIED_OFFSETS_KEY, b'{"inputs":{"0":{"offset":77}}}')])
        worker = MemoryWorker(broker, tmp_path, clock)
        first = worker.reader.read

        def decide_meanwhile(starts: object, ends: object) -> object:
            if broker.open:
                deciding.commit()
            return first(starts, ends)  # type: ignore[arg-type]

        worker.reader.read = decide_meanwhile  # type: ignore[method-assign, assignment]
        await worker.start()
        assert worker.task().applied[LIKES.number] == 77

    scene(claim)


def test_each_partition_is_restored_from_its_own(tmp_path: Path, clock: ManualClock) -> None:
    async def claim() -> None:
        broker = broker_with_topics(3)
        before = MemoryWorker(broker, tmp_path, clock, partitions=3)
        await before.start()
        for number in range(3):
            produce(broker, 0, number + 1, tp(LIKES, number))
        await before.work()
        after = MemoryWorker(broker, tmp_path, clock, partitions=3)
        await after.start()
        assert [after.likes(number) for number in range(3)] == [1, 2, 3]
        assert [after.task(number).applied[LIKES.number] for number in range(3)] == [1, 2, 3]

    scene(claim)
