"""What the consumer fetches, delivers and drops, over a thread that answers what a test puts into it."""

import asyncio

import pytest
from faust.types import TP

from agents.transport import consumer as transport
from agents.transport.fetching import NOTHING, FetchedBatch
from agents.transport.partition_group import MAX_BUFFERED_BATCHES, MAX_TASK_IDLE_MS
from tests.agents.transport.fakes import (
    ALL,
    COMMENTS,
    LIKES,
    NOW,
    OTHER_COMMENTS,
    OTHER_LIKES,
    Scene,
    batch,
    delivered,
    scene,
)


def test_one_message_has_all_that_was_fetched_merged_by_number() -> None:
    async def claim(one: Scene) -> None:
        message = await one.poll({LIKES: batch(30), OTHER_LIKES: batch(5), COMMENTS: batch(10, offset=7, n=3)})
        assert delivered(message) == [COMMENTS, LIKES, OTHER_LIKES]
        assert (message.tp, message.offset, message.generation_id) == (COMMENTS, 9, 1)
        assert one.thread.fetches == [(ALL, transport.POLL_TIMEOUT_S)]
        assert one.thread.generation == 1

    scene(claim)


def test_a_lagging_partition_delays_its_own_number_alone() -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[COMMENTS] = 5
        message = await one.poll({LIKES: batch(30), OTHER_LIKES: batch(40)})
        assert delivered(message) == [OTHER_LIKES]
        one.consumer.ack(message)
        one.clock.ms += 40
        assert await one.poll({}) is None
        assert one.thread.fetches[-1] == (ALL, (MAX_TASK_IDLE_MS - 40) / 1000)
        message = await one.poll({OTHER_LIKES: batch(41)})
        assert delivered(message) == [OTHER_LIKES]
        one.consumer.ack(message)
        one.clock.ms += MAX_TASK_IDLE_MS - 40
        assert delivered(await one.poll({})) == [LIKES]

    scene(claim)


def test_a_lag_that_is_not_known_yet_is_waited_for_too() -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[COMMENTS] = None
        assert await one.poll({LIKES: batch(30)}) is None
        one.thread.lags[COMMENTS] = 0
        assert delivered(await one.poll({COMMENTS: batch(10)})) == [COMMENTS, LIKES]

    scene(claim)


def test_the_time_in_which_a_message_is_applied_is_no_time_of_waiting() -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[COMMENTS] = 1
        first = await one.poll({LIKES: batch(30), OTHER_LIKES: batch(40)})

        def apply_for_long() -> None:
            one.clock.ms += 10 * MAX_TASK_IDLE_MS
            one.consumer.ack(first)

        one.thread.answers.append({OTHER_LIKES: batch(41)})
        asyncio.get_running_loop().call_soon(apply_for_long)
        assert delivered(await one.poll()) == [OTHER_LIKES]
        one.thread.lags[COMMENTS] = 0
        one.consumer.done.set()
        assert delivered(await one.poll({COMMENTS: batch(10)})) == [COMMENTS, LIKES]

    scene(claim)


def test_a_message_waits_until_the_one_before_it_is_applied() -> None:
    async def claim(one: Scene) -> None:
        first = await one.poll({LIKES: batch(1)})
        second = asyncio.ensure_future(one.poll({LIKES: batch(2, offset=1)}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(one.thread.fetches) == 2
        assert not second.done()
        assert one.consumer.with_lag({LIKES: 1}) == {LIKES}, "what is buffered is lag"
        one.consumer.ack(first)
        assert (await second).offset == 1

    scene(claim)


def test_a_full_partition_is_not_fetched() -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[COMMENTS] = 5
        for n in range(MAX_BUFFERED_BATCHES):
            assert await one.poll({LIKES: batch(30, offset=n)}) is None
        await one.poll({})
        assert one.thread.fetches[-1][0] == ALL - {LIKES}

    scene(claim)


@pytest.mark.parametrize("is_revoked", [True, False])
def test_what_was_fetched_before_a_rebalance_is_dropped(is_revoked: bool) -> None:
    async def claim(one: Scene) -> None:
        def rebalance() -> None:
            if is_revoked:
                one.consumer.stop_flow()
            else:
                one.consumer.app.consumer_generation_id = 2

        one.thread.during = rebalance
        assert await one.poll({LIKES: batch(1)}) is None
        assert not one.consumer.groups

    scene(claim)


def test_what_is_buffered_at_a_rebalance_is_dropped_and_the_listener_is_called() -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[COMMENTS] = 5
        message = await one.poll({LIKES: batch(30), OTHER_LIKES: batch(1)})
        assert one.consumer.groups
        await one.consumer.on_partitions_revoked(set(ALL))
        assert not one.consumer.groups
        assert one.consumer.done.is_set(), "the message on its way is of a generation that is over"
        one.consumer.app.consumer_generation_id = 2
        await one.consumer.on_partitions_assigned({LIKES}, 2)
        assert one.listener.calls == ["on_partitions_revoked", "on_partitions_assigned 1 in generation 1"]
        one.consumer.done.clear()
        one.consumer.ack(message)
        assert not one.consumer.done.is_set(), "an old message frees no place"

    scene(claim)


def test_an_empty_batch_is_delivered_but_says_nothing_about_newest_records() -> None:
    async def claim(one: Scene) -> None:
        message = await one.poll({LIKES: FetchedBatch(5, 9, NOTHING)})
        assert (message.offset, one.consumer.fetched_at) == (8, {})

    scene(claim)


def test_a_backlog_is_more_than_a_steady_source_has_on_its_way() -> None:
    async def claim(one: Scene) -> None:
        assert not one.consumer.has_backlog()
        one.thread.lags[LIKES] = transport.PARTITION_BACKLOG + 1
        assert one.consumer.has_backlog()

    scene(claim)


@pytest.mark.parametrize(("applying_ms", "waiting_ms", "expected"), [(200, 20, True), (20, 300, False)])
def test_a_backlog_that_a_slow_broker_sends_is_not_ours(applying_ms: int, waiting_ms: int, expected: bool) -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[LIKES] = transport.PARTITION_BACKLOG + 1
        for offset in range(30):
            message = await one.poll({LIKES: batch(1, offset=offset)})
            one.clock.ms += applying_ms
            one.consumer.ack(message)
            one.clock.ms += waiting_ms
        assert one.consumer.has_backlog() is expected

    scene(claim)


@pytest.mark.parametrize(
    ("lag", "fetched_at", "newest", "expected"),
    [
        (0, 200, {LIKES: 200}, set()),  # one answer brought both
        (0, 300, {LIKES: 200, COMMENTS: 300}, {LIKES}),
        (0, 100, {LIKES: 200}, {COMMENTS}),  # it was left out of the fetch that brought likes
        (0, 100, {LIKES: 100}, set()),  # nothing new came since
        (4, 200, {LIKES: 200}, {COMMENTS}),
        (None, 0, {LIKES: 200}, {COMMENTS}),
    ],
)
def test_an_end_that_is_older_than_what_siblings_brought_is_no_end(
    lag: int | None, fetched_at: int, newest: dict[TP, int], expected: set[TP]
) -> None:
    async def claim(one: Scene) -> None:
        one.thread.lags[COMMENTS] = lag
        one.thread.fetched = {LIKES: 200, COMMENTS: fetched_at}
        one.consumer.fetched_at = newest
        assert one.consumer.with_lag({LIKES: 7, COMMENTS: 5}) == expected

    scene(claim)


def test_what_is_delivered_and_not_applied_is_lag() -> None:
    async def claim(one: Scene) -> None:
        await one.poll({LIKES: batch(1, offset=6)})
        one.thread.fetched = dict.fromkeys(ALL, NOW)
        assert one.consumer.with_lag({LIKES: 6, COMMENTS: 5}) == {LIKES}
        assert one.consumer.with_lag({LIKES: 7, COMMENTS: 5}) == set()

    scene(claim)


def test_partitions_without_their_task_are_neither_fetched_nor_lag() -> None:
    async def claim(one: Scene) -> None:
        one.listener.numbers = {0}
        one.thread.lags = {OTHER_LIKES: transport.PARTITION_BACKLOG + 1, OTHER_COMMENTS: None}
        assert not one.consumer.has_backlog()
        assert delivered(await one.poll({LIKES: batch(1)})) == [LIKES]
        assert one.thread.fetches[0][0] == {LIKES, COMMENTS}

    scene(claim)
