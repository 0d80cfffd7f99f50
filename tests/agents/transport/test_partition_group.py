"""Claims about the merge of one partition number's topics, and about numbers that do not wait for each other."""

from itertools import combinations
from typing import NamedTuple

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from agents.transport.fetching import NOTHING, FetchedBatch
from agents.transport.partition_group import (
    MAX_BUFFERED_BATCHES,
    MAX_TASK_IDLE_MS,
    Batches,
    PartitionGroup,
    PartitionGroups,
    RecordQueue,
    batch_timestamp,
)
from streams.wire.records import Record, Records

LIKES, COMMENTS, TICKS = TP("likes", 0), TP("comments", 0), TP("ticks", 0)
NOW = 1_700_000_000_000
WEEK_MS = 7 * 86_400_000


def records(*values: bytes | None) -> Records:
    return Records.of([Record(0, 0, None, value) for value in values])


def at(*moments: int) -> FetchedBatch:
    return FetchedBatch(0, len(moments), records(*(b'{"event_time":%d}' % ms for ms in moments)))


def tick() -> FetchedBatch:
    return FetchedBatch(0, 1, records(b'{"now":%d}' % NOW))


def topics(batches: Batches) -> list[str]:
    return [tp.topic for tp, _ in batches]


@pytest.mark.parametrize(
    ("values", "timestamp"),
    [
        ([b"no JSON", b"\xff\xfe", None, b'{"event_time":7}', b'{"event_time":3}'], 7),
        ([b"no JSON"], 5),
        ([], 5),
        ([b'{"event_time":3}'], 5),  # not before the batch before it
        ([b'{"event_time":11}'], 5),  # in the future
        ([b'{"event_time":11}', b'{"event_time":9}'], 9),
    ],
)
def test_a_batch_has_the_time_of_its_first_readable_record(values: list[bytes | None], timestamp: int) -> None:
    assert batch_timestamp(records(*values), partition_time=5, now=10) == timestamp


@given(st.lists(st.lists(st.integers(-(2**52), 2**52), max_size=10), min_size=1), st.integers(1, 2**42))
def test_timestamps_of_a_topic_partition_never_go_back_and_are_never_in_the_future(
    batches: list[list[int]], now: int
) -> None:
    queue, times = RecordQueue(), [0]
    for moments in batches:
        queue.add(at(*moments), now)
        times.append(queue.partition_time)
    assert times == sorted(times)
    assert times[-1] <= now


def test_the_oldest_batch_goes_first_and_a_topic_keeps_its_own_order() -> None:
    group = PartitionGroup()
    first, second = at(40), at(20)
    for tp, batch in [(LIKES, first), (LIKES, second), (COMMENTS, at(30)), (COMMENTS, at(50))]:
        group.add(tp, batch, NOW)
    ready = group.poll((), NOW)
    assert topics(ready) == ["comments", "likes", "likes", "comments"]
    assert [batch for tp, batch in ready if tp == LIKES] == [first, second]
    assert not group


@pytest.mark.parametrize("elapsed", [MAX_TASK_IDLE_MS, -3_600_000], ids=["in time", "the clock is set back"])
def test_a_batch_waits_for_a_sibling_with_lag_until_the_time_is_over(elapsed: int) -> None:
    group = PartitionGroup()
    group.add(LIKES, at(30), NOW)
    assert group.poll([COMMENTS], NOW) == []
    assert group.idle_left(NOW + 40) == MAX_TASK_IDLE_MS - 40
    group.add(LIKES, at(35), NOW + 40)
    assert group.poll([COMMENTS], NOW + MAX_TASK_IDLE_MS - 1) == []
    assert topics(group.poll([COMMENTS], NOW + elapsed)) == ["likes", "likes"]
    assert group.poll([COMMENTS], NOW + elapsed) == []


def test_a_sibling_that_arrives_in_time_goes_first() -> None:
    group = PartitionGroup()
    group.add(LIKES, at(30), NOW)
    assert group.poll([COMMENTS], NOW) == []
    group.add(COMMENTS, at(10), NOW + 50)
    assert topics(group.poll((), NOW + 50)) == ["comments", "likes"]


def test_each_wait_has_its_own_time() -> None:
    group = PartitionGroup()
    group.add(LIKES, at(30), NOW)
    group.poll([COMMENTS], NOW)
    group.add(COMMENTS, at(10), NOW + 90)
    assert topics(group.poll([COMMENTS], NOW + 90)) == ["comments"]
    assert group.idle_left(NOW + 90) == MAX_TASK_IDLE_MS


def test_nothing_waits_for_a_topic_whose_time_has_passed_it() -> None:
    group = PartitionGroup()
    group.add(COMMENTS, at(30), NOW)
    assert topics(group.poll((), NOW)) == ["comments"]
    group.add(LIKES, at(30), NOW)
    assert topics(group.poll([COMMENTS], NOW)) == ["likes"]


def test_ticks_have_no_event_time_and_go_first() -> None:
    group = PartitionGroup()
    group.add(LIKES, at(30), NOW)
    group.add(TICKS, tick(), NOW)
    assert topics(group.poll([COMMENTS], NOW)) == ["ticks"]
    group.add(TICKS, tick(), NOW)
    assert topics(group.poll((), NOW)) == ["ticks", "likes"]


@pytest.mark.parametrize("stamp", [NOW * 1_000, NOW + 60_000], ids=["microseconds", "a minute ahead"])
def test_a_future_event_does_not_starve_its_partition_during_a_backlog(stamp: int) -> None:
    group, start = PartitionGroup(), NOW - WEEK_MS
    group.add(LIKES, at(stamp, start + 5), NOW)
    served = -1
    for n in range(1_000):
        group.add(COMMENTS, at(start + n), NOW)
        if "likes" in topics(group.poll([LIKES, COMMENTS], NOW)):
            served = n
            break
    assert served == 5, "when the comments that are older are delivered"


def test_a_batch_of_nothing_but_future_events_goes_first() -> None:
    group = PartitionGroup()
    group.add(LIKES, at(*[NOW * 1_000] * 9), NOW)
    group.add(COMMENTS, at(NOW - WEEK_MS), NOW)
    assert topics(group.poll([TICKS], NOW)) == ["likes"]


def test_a_lagging_partition_holds_back_its_own_number_alone() -> None:
    groups = PartitionGroups()
    for number in range(8):
        groups.add(TP("likes", number), at(30), NOW)
    groups.add(TP("comments", 0), at(40), NOW)
    ready = groups.poll([TP("comments", 7)], NOW)
    assert [(tp.topic, tp.partition) for tp, _ in ready if tp.partition] == [("likes", n) for n in range(1, 7)]
    assert topics([one for one in ready if one[0].partition == 0]) == ["likes", "comments"]
    assert groups.is_buffered(TP("likes", 7))
    assert groups.idle_left(NOW + 1) == MAX_TASK_IDLE_MS - 1
    assert groups.poll([TP("comments", 7)], NOW + MAX_TASK_IDLE_MS)[0][0] == TP("likes", 7)
    assert groups.idle_left(NOW + MAX_TASK_IDLE_MS) is None


@given(st.lists(st.integers(0, 11), min_size=1), st.sets(st.integers(0, 11)))
def test_each_number_with_a_batch_is_served_by_every_poll_unless_its_own_sibling_lags(
    numbers: list[int], slow: set[int]
) -> None:
    groups = PartitionGroups()
    for number in numbers:
        groups.add(TP("likes", number), at(30), NOW)
    ready = groups.poll([TP("comments", number) for number in slow], NOW)
    assert {tp.partition for tp, _ in ready} == set(numbers) - slow


class Delivery(NamedTuple):
    """A batch's timestamp, the steps in which it was added and delivered, and how long its group waited before."""

    timestamp: int
    added: int
    delivered: int
    waited_ms: int


def deliver(data: st.DataObject, steps_ms: list[int]) -> list[Delivery]:
    """Return how three topics with lag are delivered, whose batches arrive in any order; time passes in steps."""
    tps = [TP(topic, 0) for topic in ("likes", "comments", "visits")]
    logs = {tp: data.draw(st.lists(st.integers(1, 100), max_size=8), label=tp.topic) for tp in tps}
    group, now, waits_since, is_waiting = PartitionGroup(), NOW, NOW, False
    deliveries: list[Delivery] = []
    added: dict[int, tuple[int, int]] = {}
    kept = []  # so that no two batches have one id
    for step in range(1_000):
        can = [tp for tp in tps if logs[tp] and len(group.queues.get(tp, ())) < MAX_BUFFERED_BATCHES]
        for tp in data.draw(st.lists(st.sampled_from(can), min_size=1, unique=True), label="arrive") if can else ():
            kept.append(at(logs[tp].pop(0)))
            group.add(tp, kept[-1], now)
            added[id(kept[-1])] = (group.queues[tp].partition_time, step)
        waits_since = waits_since if is_waiting else now
        ready = group.poll([tp for tp in tps if logs[tp]], now)
        deliveries += [Delivery(*added[id(batch)], step, now - waits_since) for _, batch in ready]
        waits_since, is_waiting = now if ready else waits_since, bool(group)
        if not group and not any(logs.values()):
            return deliveries
        now += data.draw(st.sampled_from(steps_ms), label="ms")
    raise AssertionError(f"{logs} are not delivered")


@given(st.data())
def test_the_times_of_one_number_never_go_back_while_topics_with_lag_arrive_in_time(data: st.DataObject) -> None:
    times = [one.timestamp for one in deliver(data, steps_ms=[0])]
    assert times == sorted(times)


@given(st.data())
def test_only_a_batch_that_was_waited_for_in_vain_goes_after_a_newer_one(data: st.DataObject) -> None:
    for newer, late in combinations(deliver(data, steps_ms=[1, 50, MAX_TASK_IDLE_MS]), 2):
        if late.timestamp < newer.timestamp:
            assert late.added > newer.delivered
            assert newer.waited_ms >= MAX_TASK_IDLE_MS


def test_a_full_queue_takes_no_more_until_it_is_polled() -> None:
    groups = PartitionGroups()
    for n in range(MAX_BUFFERED_BATCHES):
        assert not groups.is_full(LIKES)
        groups.add(LIKES, at(n, n), NOW)
    assert groups.is_full(LIKES)
    assert not groups.is_full(COMMENTS)
    assert groups.records() == 2 * MAX_BUFFERED_BATCHES
    groups.poll((), NOW)
    assert not groups.is_full(LIKES)
    assert not groups


def test_what_is_cleared_leaves_no_time_behind() -> None:
    groups = PartitionGroups()
    groups.add(COMMENTS, at(50), NOW)
    groups.clear()
    assert not groups
    groups.add(LIKES, at(30), NOW)
    assert groups.poll([COMMENTS], NOW) == []


def test_an_empty_batch_is_delivered_for_its_offset() -> None:
    groups = PartitionGroups()
    groups.add(LIKES, FetchedBatch(5, 9, NOTHING), NOW)
    assert [batch.next_offset for _, batch in groups.poll((), NOW)] == [9]
