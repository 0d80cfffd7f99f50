"""Claims about the order of blocks: the oldest first event goes first, bad records and holes do not matter."""

from typing import Any

from faust.types import TP

from agents.transport.blocks import NOTHING, RawBlock
from agents.transport.order import MOST, Order, first_time
from streams.records.spans import Record, Records

LIKES, COMMENTS = TP("likes", 0), TP("comments", 0)


def block(*values: bytes | None) -> RawBlock:
    return RawBlock(0, len(values), Records.of([Record(0, 0, None, value) for value in values]))


def at(ms: int) -> RawBlock:
    return block(b'{"event_time":%d}' % ms)


def test_the_block_with_the_oldest_first_event_comes_first() -> None:
    order = Order()
    order.add(LIKES, at(30))
    order.add(COMMENTS, at(10))
    order.add(COMMENTS, at(40))
    assert [order.oldest()[0] for _ in range(3)] == [COMMENTS, LIKES, COMMENTS]
    assert not order


def test_blocks_of_one_partition_keep_their_order_whatever_their_times() -> None:
    order = Order()
    first, second = at(99), at(1)
    order.add(LIKES, first)
    order.add(LIKES, second)
    assert [order.oldest()[1] for _ in range(2)] == [first, second]


def test_a_full_queue_wants_no_more() -> None:
    order = Order()
    for n in range(MOST):
        assert not order.is_full(LIKES)
        order.add(LIKES, at(n))
    assert order.is_full(LIKES)
    order.oldest()
    assert not order.is_full(LIKES)


def test_a_lagging_partition_without_a_block_is_waited_for() -> None:
    order = Order()
    order.add(LIKES, at(1))
    assert order.lacks([LIKES, COMMENTS])
    assert not order.lacks([LIKES])
    order.clear()
    assert order.lacks([LIKES])


def test_the_first_time_is_that_of_the_first_record_that_has_one() -> None:
    assert first_time(block(b"no JSON", b"\xff\xfe", None, b'{"event_time":7}', b'{"event_time":3}')) == 7
    assert first_time(block(b"no JSON")) == 0
    assert first_time(block()) == 0


def test_an_empty_block_counts_as_something() -> None:
    blocks: list[Any] = [RawBlock(5, 9, NOTHING)]
    assert all(blocks)
