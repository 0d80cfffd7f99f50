"""What a worker's transactions leave on the broker, and that each commits an offset."""

from pathlib import Path

import pytest

from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from schemas.inputs.reposts import REPOSTS
from streams.dedup.record import decode
from tests.agents.worker.memory_worker import (
    CHANGELOG,
    NAMES,
    MemoryWorker,
    broker_with_topics,
    own,
    produce,
    recorded,
    scene,
    tp,
)
from tests.streams.histories import record
from tests.support.clock import ManualClock
from tests.support.memory_broker import MemoryBroker, values_of


@pytest.fixture
def broker() -> MemoryBroker:
    return broker_with_topics()


def test_every_transaction_of_a_worker_commits_an_offset(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        clock = ManualClock()
        worker = MemoryWorker(broker, tmp_path, clock)
        await worker.start()
        for n in range(5):
            produce(broker, n, n % 2)
            worker.poll()
            clock.ms += 30_000  # small changes wait a minute
            await worker.commit(with_tick=n % 3 == 0)
        assert len(broker.transactions) >= 4
        assert all(broker.transactions)

    scene(claim)


def test_rows_and_applied_offsets_are_one_transaction(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        produce(broker, 0, 3)
        await worker.work()
        first = [(one.key, one.is_marker) for one in broker.logs[own(CHANGELOG)].entries]
        assert first == [(b"miot:f", False), (b"applied-offsets", False), (None, True)]
        assert recorded(broker) == {source.number: 3 if source is LIKES else 0 for source in NAMES.declared}
        produce(broker, 0, 2, tp(COMMENTS))
        await worker.work()
        assert (recorded(broker) or {})[COMMENTS.number] == 2
        assert broker.transactions[-1] == {tp(COMMENTS): 2}

    scene(claim)


def test_a_record_of_ids_is_acknowledged_so_that_the_next_knows_where_it_stands(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    async def claim() -> None:
        clock = ManualClock()
        worker = MemoryWorker(broker, tmp_path, clock)
        await worker.start()
        for n in range(3):
            produce(broker, n, 1)
            await worker.work()
            clock.ms += 1_000
        records = [decode(value or b"") for value in values_of(broker, own(NAMES.dedup))]
        assert [one.position.seq for one in records] == [0, 1, 2]
        assert [one.position.offset for one in records] == [0, 1, 3]  # one more than the last: a lower bound

    scene(claim)


def test_attributions_go_to_the_partition_of_the_other_fan(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        produce(broker, 0, 2, tp(REPOSTS), parent_fan_id="star")
        await worker.work()
        log = broker.logs[own("g-attribution")]
        assert [one.key for one in log.entries if not one.is_marker] == [b"miot:star"] * 2
        await worker.work()
        assert (recorded(broker) or {})[4] == 3, "it was read, and the marker with it"

    scene(claim)


def test_a_dead_letter_says_where_the_record_came_from_and_why(broker: MemoryBroker, tmp_path: Path) -> None:
    async def claim() -> None:
        worker = MemoryWorker(broker, tmp_path)
        await worker.start()
        good = record(1, 1)
        broker.produce(tp(), [(b"miot:f", b"{"), (good.key, good.value)], 1_700_000_000_000)
        await worker.work()
        (dead_letter,) = [one for one in broker.logs[own(NAMES.dead_letters)].entries if not one.is_marker]
        headers = dict(dead_letter.headers)
        assert {name: headers[name] for name in ("topic", "partition", "offset", "kind")} == {
            "topic": b"likes",
            "partition": b"0",
            "offset": b"0",
            "kind": b"broken JSON",
        }
        assert (dead_letter.key, dead_letter.value) == (b"miot:f", b"{")
        assert worker.active().offsets[tp()] == 2

    scene(claim)
