"""Event ids after a restore: from their log, and from the records after it."""

import logging
from pathlib import Path

import pytest

from agents.errors import ConfigError
from schemas.inputs.declaration import Input
from schemas.inputs.likes import LIKES
from streams.dedup.record import decode
from tests.agents.worker.memory_worker import (
    NAMES,
    MemoryWorker,
    broker_with_topics,
    own,
    produce,
    scene,
    tp,
)
from tests.support.clock import ManualClock
from tests.support.memory_broker import MemoryBroker, values_of

DEDUP = own(NAMES.dedup)
DUPLICATES = "fanpulse_events_total"


@pytest.fixture
def broker() -> MemoryBroker:
    return broker_with_topics()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def duplicates(worker: MemoryWorker) -> float:
    return worker.value(DUPLICATES, topic="likes", platform="weibo", outcome="duplicate")


async def restored(broker: MemoryBroker, folder: Path, clock: ManualClock) -> MemoryWorker:
    worker = MemoryWorker(broker, folder, clock)
    await worker.start()
    return worker


async def ids_in_the_log(broker: MemoryBroker, folder: Path, clock: ManualClock, *portions: int) -> MemoryWorker:
    """Let a worker commit portions of likes, each with a record of its ids, for a second passes between them."""
    worker, first = await restored(broker, folder, clock), 0
    for n in portions:
        produce(broker, first, n)
        await worker.work()
        first, clock.ms = first + n, clock.ms + 1_000
    return worker


def test_repeats_are_recognised_after_a_restart(broker: MemoryBroker, tmp_path: Path, clock: ManualClock) -> None:
    async def claim() -> None:
        await ids_in_the_log(broker, tmp_path, clock, 10, 10)
        worker = await restored(broker, tmp_path, clock)
        produce(broker, 0, 20)
        worker.poll()
        assert (worker.likes(), duplicates(worker)) == (20, 20)

    scene(claim)


def test_records_after_the_log_are_read_for_their_ids_alone(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock
) -> None:
    async def claim() -> None:
        before = await ids_in_the_log(broker, tmp_path, clock, 10)
        clock.ms -= 500
        produce(broker, 10, 7)
        await before.work()  # half a second after the last record: the ids are not in the log
        assert len(values_of(broker, DEDUP)) == 1
        produce(broker, 17, 4)  # neither in the log, nor in the rows
        worker = await restored(broker, tmp_path, clock)
        assert {tp(): 10} in worker.reader.reads
        assert worker.likes() == 17, "events of these records are in the rows already"
        await worker.work()
        assert (worker.likes(), duplicates(worker)) == (21, 0)
        produce(broker, 10, 11)
        worker.poll()
        assert (worker.likes(), duplicates(worker)) == (21, 11)

    scene(claim)


def test_what_retention_removed_after_the_log_is_not_waited_for(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock
) -> None:
    async def claim() -> None:
        before = await ids_in_the_log(broker, tmp_path, clock, 10)
        clock.ms -= 500
        produce(broker, 10, 7)
        await before.work()
        broker.logs[tp()].delete_before(17)
        worker = await restored(broker, tmp_path, clock)
        assert worker.likes() == 17

    scene(claim)


def test_a_topic_that_was_created_again_is_refused_and_not_waited_for(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock
) -> None:
    async def claim() -> None:
        before = await ids_in_the_log(broker, tmp_path, clock, 10)
        clock.ms -= 500
        produce(broker, 10, 7)
        await before.work()
        broker.create(NAMES.of(LIKES))
        broker.committed.clear()
        produce(broker, 0, 3)
        worker, checked = MemoryWorker(broker, tmp_path, clock), []

        async def refuse(tasks: object) -> None:
            checked.append(tasks)
            raise ConfigError("created again")

        worker.assignment.check = refuse
        with pytest.raises(ConfigError, match="created again"):
            await worker.start()
        assert checked

    scene(claim)


@pytest.mark.parametrize("foreign", [None, b"", b"\x02 of a newer version", b"\x01 short"])
def test_a_log_of_ids_that_cannot_be_used_begins_empty_with_an_error_once(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture, foreign: bytes | None
) -> None:
    async def claim() -> None:
        await ids_in_the_log(broker, tmp_path, clock, 10)
        broker.produce(DEDUP, [(None, foreign)])
        await begins_empty_once(broker, tmp_path, clock, caplog)

    scene(claim)


def test_a_gap_in_the_log_of_ids_begins_empty_with_an_error_once(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def claim() -> None:
        await ids_in_the_log(broker, tmp_path, clock, 5, 5, 5)
        log = broker.logs[DEDUP]
        (second,) = [one for one in log.entries if one.value and decode(one.value).position.seq == 1]
        log.entries.remove(second)
        await begins_empty_once(broker, tmp_path, clock, caplog)

    scene(claim)


async def begins_empty_once(
    broker: MemoryBroker, folder: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Restore twice: the first time without the ids, the second time with those that came since."""

    def errors() -> list[str]:
        return [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]

    worker, likes = await restored(broker, folder, clock), broker.logs[tp()].end
    assert len(errors()) == 1
    assert "repeats of what came before this start are not recognised" in errors()[0]
    produce(broker, 100, 5)
    await worker.work()
    clock.ms += 1_000
    assert worker.likes() == likes + 5
    again = await restored(broker, folder, clock)
    assert len(errors()) == 1, "the log is of use again"
    produce(broker, 100, 5)
    again.poll()
    assert (again.likes(), duplicates(again)) == (likes + 5, 5)


def test_a_log_that_lost_its_oldest_records_knows_since_when_ids_are_sure(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock
) -> None:
    async def claim() -> None:
        await ids_in_the_log(broker, tmp_path, clock, 5, 5, 5)
        broker.logs[DEDUP].delete_before(broker.logs[DEDUP].end - 3)  # the markers count
        worker = await restored(broker, tmp_path, clock)
        assert worker.task().dedup.is_truncated
        assert worker.task().dedup.sure_since_ms(LIKES.number) > 0
        produce(broker, 10, 5)
        worker.poll()
        assert duplicates(worker) == 5, "what is left is known"

    scene(claim)


def test_the_newest_record_of_the_log_is_found_behind_many_markers(
    broker: MemoryBroker, tmp_path: Path, clock: ManualClock
) -> None:
    async def claim() -> None:
        await ids_in_the_log(broker, tmp_path, clock, 5)
        for _ in range(200):
            aborted = broker.begin("another")
            aborted.append(DEDUP, [(None, b"aborted")])
            aborted.abort()
        worker = await restored(broker, tmp_path, clock)
        produce(broker, 0, 5)
        worker.poll()
        assert duplicates(worker) == 5

    scene(claim)


def test_inputs_without_dedup_are_not_in_the_log(broker: MemoryBroker, tmp_path: Path, clock: ManualClock) -> None:
    async def claim() -> None:
        await ids_in_the_log(broker, tmp_path, clock, 5)
        (value,) = values_of(broker, DEDUP)
        deduplicated: list[Input] = [source for source in NAMES.declared if source.deduplicates]
        assert [one.input for one in decode(value or b"").inputs] == sorted(one.number for one in deduplicated)
        assert len(deduplicated) < len(NAMES.declared)

    scene(claim)
