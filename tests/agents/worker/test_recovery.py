"""Applied offsets are what the rows contain, whatever happened to topics and committed offsets meanwhile."""

import logging
from pathlib import Path

import pytest

from agents.errors import ConfigError
from schemas.inputs import INPUTS
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from tests.agents.worker.memory_worker import (
    CHANGELOG,
    NAMES,
    MemoryWorker,
    broker_with_topics,
    own,
    produce,
    recorded,
    scene,
    tick,
    tp,
)
from tests.support.memory_broker import Committed, MemoryBroker

NOTHING_READ = {source.number: 0 for source in INPUTS}

LOST = "fanpulse_lost_to_retention_total"


@pytest.fixture
def broker() -> MemoryBroker:
    return broker_with_topics()


async def after(broker: MemoryBroker, folder: Path, n: int) -> None:
    """Let a worker apply and commit ``n`` likes, and die."""
    worker = MemoryWorker(broker, folder)
    await worker.start()
    produce(broker, 0, n)
    await worker.work()
    assert worker.likes() == n


def test_a_restart_goes_on_where_the_rows_end(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        produce(broker, 10, 5)
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        assert worker.likes() == 10
        await worker.work()
        assert worker.likes() == 15
        assert recorded(broker) == {**NOTHING_READ, LIKES.number: 15}

    scene(claim)


def test_what_a_dead_worker_did_not_commit_is_applied_again_once(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        dead = MemoryWorker(broker, tmp_path)
        await dead.start()
        produce(broker, 10, 5)
        dead.poll()
        assert dead.likes() == 15
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.work()
        assert worker.likes() == 15
        assert worker.value("fanpulse_events_total", topic="likes", platform="weibo", outcome="duplicate") == 0

    scene(claim)


def test_no_events_while_retention_moves(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        produce(broker, 0, 10)
        broker.logs[tp()].delete_before(10)  # before anybody read them
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.commit(with_tick=True)
        assert (recorded(broker) or {})[LIKES.number] == 10
        again = MemoryWorker(broker, tmp_path)
        await again.start()
        assert again.positions[tp()] == 10
        produce(broker, 10, 1)
        await again.work()
        assert (again.likes(), again.value(LOST, topic="likes")) == (1, 0)

    scene(claim)


def test_a_gap_is_counted_and_part_of_the_applied_offsets(
    broker: MemoryBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        produce(broker, 10, 8)
        broker.logs[tp()].delete_before(14)
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.work()
        assert (worker.likes(), worker.value(LOST, topic="likes")) == (14, 4)
        assert "offsets 10 to 13 of topic likes, partition 0, are lost" in caplog.text
        assert (recorded(broker) or {})[LIKES.number] == 18
        again = MemoryWorker(broker, tmp_path)
        await again.start()
        await again.work()
        assert (again.likes(), again.value(LOST, topic="likes")) == (14, 0), "it is counted once"

    scene(claim)


@pytest.mark.parametrize("by_hand", [25, 3], ids=["forward", "back"])
def test_a_reset_of_committed_offsets_moves_nothing_and_says_which_command_does(
    broker: MemoryBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture, by_hand: int
) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        produce(broker, 10, 20)
        broker.committed["g", tp()] = Committed(by_hand, "")
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.work()
        assert worker.likes() == 30
        assert f"committed offset is {by_hand}, the rows contain everything before 10" in caplog.text
        assert "`fanpulse replay`" in caplog.text
        assert "`fanpulse offsets skip`" in caplog.text

    scene(claim)


def test_an_offset_set_by_hand_is_where_an_empty_changelog_begins(
    broker: MemoryBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def claim() -> None:
        produce(broker, 0, 10)
        broker.committed["g", tp()] = Committed(6, "")
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.work()
        assert worker.likes() == 4
        assert not [one for one in caplog.records if one.levelno >= logging.WARNING]

    scene(claim)


def test_expired_group_offsets_are_not_missed(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        broker.committed.clear()
        produce(broker, 10, 5)
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.work()
        assert worker.likes() == 15
        assert worker.value("fanpulse_events_total", topic="likes", platform="weibo", outcome="duplicate") == 0

    scene(claim)


def test_an_aborted_transaction_leaves_rows_and_offsets_as_they_were(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        log = broker.logs[own(CHANGELOG)]
        rows = log.fetch(0, 100)
        assert rows is not None
        produce(broker, 10, 5)
        aborted = broker.begin("g-i")
        aborted.append(own(CHANGELOG), [(b"miot:f", b"rows that nobody may read")])
        aborted.append(own(CHANGELOG), [(b"applied-offsets", b'{"inputs":{"0":{"offset":15}}}')])
        worker = MemoryWorker(broker, tmp_path)  # its producer aborts it
        await worker.start()
        assert worker.positions[tp()] == 10
        await worker.work()
        assert worker.likes() == 15

    scene(claim)


def test_records_of_an_aborted_transaction_of_a_producer_are_passed(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        aborted = broker.begin("producer")
        aborted.append(tp(), [(b"miot:f", b"{")])
        aborted.abort()
        await worker.work()
        assert (recorded(broker) or {})[LIKES.number] == 2
        assert worker.active().records == 0
        again = MemoryWorker(broker, tmp_path)
        await again.start()
        assert again.positions[tp()] == 2

    scene(claim)


def test_compaction_keeps_rows_and_applied_offsets_of_one_moment(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        for first in range(0, 30, 3):
            produce(broker, first, 3, fan=f"f{first % 2}")
            await worker.work()
            broker.logs[own(CHANGELOG)].compact()
        again = MemoryWorker(broker, tmp_path)
        await again.start()
        assert len(broker.logs[own(CHANGELOG)].entries) == 3  # two fans, and the applied offsets
        assert again.positions[tp()] == 30
        assert [again.likes(name=f"f{n}") for n in (0, 1)] == [15, 15]
        await again.work()
        assert [again.likes(name=f"f{n}") for n in (0, 1)] == [15, 15]

    scene(claim)


def test_time_alone_writes_no_applied_offsets(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.commit(with_tick=True)
        before = broker.logs[own(CHANGELOG)].end
        for n in range(3):
            tick(broker, worker.clock.now() + n)
            worker.poll()
            await worker.commit(with_tick=True)
        assert broker.logs[own(CHANGELOG)].end == before
        assert broker.committed["g", own(NAMES.clock)].offset == broker.logs[own(NAMES.clock)].end - 2

    scene(claim)


def test_the_first_transaction_after_an_assignment_writes_the_applied_offsets(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        broker.logs[own(CHANGELOG)].entries = [  # as if it was never written
            one for one in broker.logs[own(CHANGELOG)].entries if one.key != b"applied-offsets"
        ]
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        await worker.commit(with_tick=True)
        assert recorded(broker) == {**NOTHING_READ, LIKES.number: 10}

    scene(claim)


def test_an_input_with_nothing_committed_begins_at_its_earliest_while_others_have_applied_offsets(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    async def claim() -> None:
        await after(broker, tmp_path, 10)
        log = broker.logs[own(CHANGELOG)]
        log.entries = [
            one._replace(value=b'{"inputs":{"0":{"offset":10}}}') if one.key == b"applied-offsets" else one
            for one in log.entries
        ]  # a version without comments wrote it
        del broker.committed["g", tp()]
        produce(broker, 0, 3, tp(COMMENTS))
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        assert (worker.positions[tp()], worker.positions[tp(COMMENTS)]) == (10, 0)

    scene(claim)


def test_an_input_that_went_back_ends_the_worker(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        produce(broker, 0, 10)
        await worker.work()
        broker.create(NAMES.of(LIKES))
        produce(broker, 100, 3)
        with pytest.raises(ConfigError, match="went back from offset 10 to 0"):
            worker.poll()

    scene(claim)
