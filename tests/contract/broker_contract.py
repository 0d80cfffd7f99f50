"""What transports, restores and flushes rely on: one suite for the broker in memory and for the real one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiokafka import TopicPartition

from agents.errors import FailStopError
from agents.transport.transaction import TRANSACTION_BATCH_BYTES, OutputRecord, TransactionBatch
from streams.wire.records import ByteSlices, Record
from tests.contract.broker import FILLER, IN, OUT, BrokerUnderTest, KeyValue

DEADLINE_S = 60.0


def pairs(*values: bytes) -> list[KeyValue]:
    return [(b"k%d" % i, value) for i, value in enumerate(values)]


async def read(broker: BrokerUnderTest, tp: TopicPartition, start: int = 0, end: int | None = None) -> list[Record]:
    """Return what a reader gets, whose batches follow each other up to the end."""
    reader, records, position = broker.reader(), [], None
    bounds = await reader.bounds([tp])
    stop = bounds.end[tp] if end is None else end
    async with asyncio.timeout(DEADLINE_S):
        async for at, batch in reader.read({tp: start}, {tp: stop}):
            assert at == tp
            assert position in {None, batch.offset}
            position = batch.next_offset
            records += list(batch.records)
    assert position is None or position >= stop
    return records


async def values(broker: BrokerUnderTest, tp: TopicPartition) -> list[bytes | None]:
    return [record.value for record in await read(broker, tp)]


def transaction(value: bytes | None = b"v", offset: int | None = 7) -> TransactionBatch:
    batch = TransactionBatch(1_700_000_000_000)
    if value is not None:
        batch.add(OUT.topic, OUT.partition, OutputRecord(b"k", value))
    if offset is not None:
        batch.offsets[IN] = offset
    return batch


Claim = Callable[["BrokerContract", BrokerUnderTest], Awaitable[None]]


def claim(test: Claim) -> Callable[["BrokerContract"], None]:
    """Run a claim on a broker of its own, with a compacted topic ``out`` and a deleted one ``in``."""

    def run(self: "BrokerContract") -> None:
        async def scene() -> None:
            async with self.connect() as broker, asyncio.timeout(2 * DEADLINE_S):
                await broker.create(IN.topic, 2)
                await broker.create(OUT.topic, compact=True)
                await test(self, broker)

        asyncio.run(scene())

    return run


class BrokerContract:
    """Subclasses say which broker."""

    def connect(self) -> AbstractAsyncContextManager[BrokerUnderTest]:
        raise NotImplementedError

    @claim
    async def test_records_are_read_as_they_were_written(self, broker: BrokerUnderTest) -> None:
        written: list[KeyValue] = [(b"k", b"v"), (None, b"no key"), (b"no value", None), (b"", b"")]
        await broker.produce(IN, written)
        assert [(r.offset, r.key, r.value) for r in await read(broker, IN)] == [
            (i, *pair) for i, pair in enumerate(written)
        ]

    @claim
    async def test_reading_begins_inside_a_batch(self, broker: BrokerUnderTest) -> None:
        await broker.produce(IN, pairs(b"0", b"1", b"2"))
        await broker.produce(IN, pairs(b"3"))
        assert [record.offset for record in await read(broker, IN, start=1)] == [1, 2, 3]

    @claim
    async def test_nothing_is_read_where_the_start_is_the_end(self, broker: BrokerUnderTest) -> None:
        await broker.produce(IN, pairs(b"0"))
        assert await read(broker, IN, start=1) == []
        assert await read(broker, OUT) == []

    @claim
    async def test_partitions_are_read_together_each_to_its_own_end(self, broker: BrokerUnderTest) -> None:
        other = IN._replace(partition=1)
        await broker.produce(IN, pairs(b"a", b"b"))
        await broker.produce(other, pairs(b"c"))
        found: dict[Any, list[bytes | None]] = {IN: [], other: []}
        async for tp, batch in broker.reader().read({IN: 1, other: 0}, {IN: 2, other: 1}):
            found[tp] += [record.value for record in batch.records]
        assert found == {IN: [b"b"], other: [b"c"]}

    @claim
    async def test_an_aborted_transaction_is_never_seen_and_passed(self, broker: BrokerUnderTest) -> None:
        aborted = await broker.begin("t")
        await aborted.append(IN, pairs(b"aborted"))
        await aborted.abort()
        await broker.produce(IN, pairs(b"after"))
        last = await broker.begin("t")
        await last.append(IN, pairs(b"aborted as well"))
        await last.abort()
        assert await values(broker, IN) == [b"after"]

    @claim
    async def test_the_end_counts_an_open_transaction_whose_outcome_is_waited_for(
        self, broker: BrokerUnderTest
    ) -> None:
        await broker.produce(IN, pairs(b"before"))
        opened = await broker.begin("t")
        await opened.append(IN, pairs(b"open"))
        await broker.produce(IN, pairs(b"behind"))
        assert (await broker.reader().bounds([IN])).end == {IN: 3}
        seen: list[bytes | None] = []
        batches = broker.reader().read({IN: 0}, {IN: 3})
        while not seen:
            seen += [record.value for record in (await anext(batches))[1].records]
        assert seen == [b"before"], "the last stable offset is before the open transaction"
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done()
        await opened.commit()
        seen += [record.value for record in (await waiting)[1].records]
        async for _, batch in batches:
            seen += [record.value for record in batch.records]
        assert seen == [b"before", b"open", b"behind"]

    @claim
    async def test_a_start_that_retention_removed_becomes_the_earliest_offset(self, broker: BrokerUnderTest) -> None:
        await broker.produce(IN, pairs(b"0", b"1", b"2", b"3"))
        await broker.delete_before(IN, 2)
        assert (await broker.reader().bounds([IN])) == ({IN: 2}, {IN: 4})
        assert [record.offset for record in await read(broker, IN, start=0)] == [2, 3]

    @claim
    async def test_what_retention_removed_to_the_end_is_not_waited_for(self, broker: BrokerUnderTest) -> None:
        await broker.produce(IN, pairs(b"0", b"1"))
        await broker.delete_before(IN, 2)
        assert (await broker.reader().bounds([IN])) == ({IN: 2}, {IN: 2})
        assert await read(broker, IN, start=0) == []

    @claim
    async def test_compaction_keeps_the_newest_of_each_key_and_its_gaps_are_passed(
        self, broker: BrokerUnderTest
    ) -> None:
        for n in range(3):
            await broker.produce(OUT, [(b"a", b"a%d" % n), (b"b", b"b%d" % n)])
        await broker.produce(OUT, [(b"b", None)])
        await broker.compact(OUT)
        kept = {record.key: record.value for record in await read(broker, OUT) if record.key != FILLER}
        assert kept.pop(b"b", None) is None, "the tombstone, or nothing once it is old"
        assert kept == {b"a": b"a2"}

    @claim
    async def test_a_transaction_writes_records_and_offsets_with_their_metadata(self, broker: BrokerUnderTest) -> None:
        member, writer = await broker.join(), await broker.writer("w")
        batch = transaction(b"v", 7)
        batch.add(IN.topic, 1, OutputRecord(b"k", b"in another topic", [("name", b"of a header")]))
        assert await writer.write(batch, member) == {OUT: 0, IN._replace(partition=1): 0}
        assert await broker.committed(IN) == (7, "note in")
        assert await values(broker, OUT) == [b"v"]
        assert await values(broker, IN._replace(partition=1)) == [b"in another topic"]

    @claim
    async def test_columns_larger_than_a_batch_are_several_of_which_the_last_is_returned(
        self, broker: BrokerUnderTest
    ) -> None:
        member, writer = await broker.join(), await broker.writer("w")
        batch, n = transaction(None), 5
        large = [bytes([65 + i]) * (TRANSACTION_BATCH_BYTES * 2 // 5) for i in range(n)]
        batch.pack(OUT.topic, 0, [(ByteSlices.of([b"%d" % i for i in range(n)]), ByteSlices.of(large))])
        assert await writer.write(batch, member) == {OUT: 4}
        assert [(r.offset, r.value) for r in await read(broker, OUT)] == list(enumerate(large))

    @claim
    async def test_the_next_transaction_follows_the_marker_of_the_last(self, broker: BrokerUnderTest) -> None:
        member, writer = await broker.join(), await broker.writer("w")
        await writer.write(transaction(b"0"), member)
        assert await writer.write(transaction(b"1"), member) == {OUT: 2}
        assert (await broker.reader().bounds([OUT])).end == {OUT: 4}

    @claim
    async def test_a_transaction_without_offsets_is_refused(self, broker: BrokerUnderTest) -> None:
        member, writer = await broker.join(), await broker.writer("w")
        with pytest.raises(FailStopError, match="without offsets"):
            await writer.write(transaction(offset=None), member)
        assert (await broker.reader().bounds([OUT])).end == {OUT: 0}

    @claim
    async def test_a_member_of_a_generation_that_is_over_is_refused(self, broker: BrokerUnderTest) -> None:
        before, writer = await broker.join(), await broker.writer("w")
        await writer.write(transaction(b"in time", 7), before)
        after = await broker.join()
        assert after.generation > before.generation
        with pytest.raises(FailStopError, match="StaleMember"):
            await writer.write(transaction(b"late", 9), before)
        await (await broker.writer("x")).write(transaction(b"of the next", 8), after)
        assert await broker.committed(IN) == (8, "note in")
        assert await values(broker, OUT) == [b"in time", b"of the next"]

    @claim
    async def test_an_unmoved_offset_fences_as_well(self, broker: BrokerUnderTest) -> None:
        before, writer = await broker.join(), await broker.writer("w")
        await writer.write(transaction(b"in time", 7), before)
        await writer.write(transaction(b"unmoved", 7), before)
        await broker.join()
        with pytest.raises(FailStopError, match="StaleMember"):
            await writer.write(transaction(b"late", 7), before)
        assert await values(broker, OUT) == [b"in time", b"unmoved"]

    @claim
    async def test_a_member_that_the_group_does_not_know_is_refused(self, broker: BrokerUnderTest) -> None:
        member, writer = await broker.join(), await broker.writer("w")
        with pytest.raises(FailStopError, match="StaleMember"):
            await writer.write(transaction(), member._replace(member_id="stranger"))
        assert await broker.committed(IN) is None
        assert await values(broker, OUT) == []

    @claim
    async def test_a_second_writer_of_the_same_id_fences_the_first(self, broker: BrokerUnderTest) -> None:
        member, first = await broker.join(), await broker.writer("w")
        await first.write(transaction(b"of the first", 1), member)
        second = await broker.writer("w")
        with pytest.raises(FailStopError):
            await first.write(transaction(b"too late", 2), member)
        await second.write(transaction(b"of the second", 3), member)
        assert await values(broker, OUT) == [b"of the first", b"of the second"]
        assert await broker.committed(IN) == (3, "note in")

    @claim
    async def test_a_writer_aborts_what_its_predecessor_left_open(self, broker: BrokerUnderTest) -> None:
        left = await broker.begin("w")
        await left.append(OUT, pairs(b"left open"))
        await broker.writer("w")
        assert await values(broker, OUT) == []

    @claim
    async def test_a_topic_that_is_created_again_has_another_id_and_begins_at_zero(
        self, broker: BrokerUnderTest
    ) -> None:
        await broker.produce(IN, pairs(b"old"))
        before = await broker.topic_id(IN.topic)
        assert before
        await broker.delete(IN.topic)
        await broker.create(IN.topic, 2)
        assert await broker.topic_id(IN.topic) not in {"", before}
        assert (await broker.reader().bounds([IN])) == ({IN: 0}, {IN: 0})
