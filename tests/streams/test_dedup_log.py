"""The windows of a partition come back from their log as they were, from whatever record a reader begins."""

from copy import deepcopy
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dedup import windows as module
from streams.dedup.event_hash import Hashes
from streams.dedup.record import decode, encode
from streams.dedup.window import DedupWindow, Generation
from streams.dedup.windows import DedupWindows, begin_offset

SIZES = {2: 6, 5: 13}  # ids by input
HOUR = 3_600_000


def u64(values: list[int]) -> Hashes:
    return np.array(values, np.uint64)


def ids_of(generation: Generation) -> list[int]:
    return sorted(generation.table[generation.table != 0].tolist())


State = list[tuple[int, list[tuple[list[int], int, int]]]]


def state_of(windows: dict[int, DedupWindow]) -> State:
    return [
        (
            window.number,
            [(ids_of(generation), generation.count, generation.begin_ms) for generation in window.generations()],
        )
        for window in windows.values()
    ]


class Partition:
    """Windows with their log in a topic of transactions, the events of each input, and windows that never restart."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.sizes, self.now = sizes, 1_000
        self.windows, self.twins = DedupWindows(self.fresh()), self.fresh()
        self.events: dict[int, list[tuple[int, int]]] = {number: [] for number in sizes}  # hash, when
        self.topic: list[tuple[int, bytes]] = []
        self.end = 0
        self.unacknowledged: list[int] = []
        self.flushed = deepcopy((self.twins, self.events))

    def fresh(self) -> dict[int, DedupWindow]:
        return {number: DedupWindow(ids, is_optional=False) for number, ids in self.sizes.items()}

    def observe(self, number: int, values: list[int]) -> None:
        self.now += 400
        self.events[number] += [(h, self.now) for h in values]
        found = self.windows.observe(number, u64(values), self.now)
        assert found.tolist() == self.twins[number].observe(u64(values), self.now).tolist()

    def forget(self, number: int, values: list[int]) -> None:
        self.windows.forget(number, u64(values))
        self.twins[number].forget(u64(values))

    def flush(self) -> bytes | None:
        data = self.windows.take_record({number: len(events) for number, events in self.events.items()}, self.now)
        if data is not None:
            self.topic.append((self.end, data))
            self.unacknowledged.append(self.end)
            self.end += 2  # the record and its transaction's marker
        self.flushed = deepcopy((self.twins, self.events))
        return data

    def acknowledge(self) -> None:
        for offset in self.unacknowledged:
            self.windows.on_acknowledged(offset)
        self.unacknowledged = []

    def restart(self, earlier: int) -> None:
        """Lose what was not flushed; read the log from where it says, or a few offsets earlier."""
        self.twins, self.events = deepcopy(self.flushed)
        self.windows, self.unacknowledged, applied = DedupWindows(self.fresh()), [], {}
        if self.topic:
            begin = begin_offset(self.topic[-1][1])
            offsets = {decode(data).position.seq: offset for offset, data in self.topic}
            assert begin <= offsets[decode(self.topic[-1][1]).begin_seq]
            applied = self.windows.restore(data for offset, data in self.topic if offset >= begin - earlier)
        assert not self.windows.is_truncated
        assert not any(window.pending_count() for window in self.windows.windows.values())
        for number, events in self.events.items():
            for h, at_ms in events[applied.get(number, 0) :]:
                self.windows.observe(number, u64([h]), at_ms)
        assert state_of(self.windows.windows) == state_of(self.twins)


inputs = st.sampled_from(sorted(SIZES))
values = st.lists(st.one_of(st.integers(0, 40), st.just((1 << 64) - 1)), max_size=7)
Step = tuple[str, int, list[int]]
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("observe"), inputs, values),
    st.tuples(st.just("observe"), st.just(2), values),
    st.tuples(st.just("forget"), inputs, values),
    st.tuples(st.sampled_from(["flush", "flush", "acknowledge", "restart", "wait"]), st.integers(0, 9), st.just([])),
)


@given(st.lists(steps, max_size=60))
@settings(deadline=None, max_examples=300)
def test_windows_restored_anywhere_are_those_that_never_restarted(history: list[Step]) -> None:
    with patch.multiple(module, MAX_SWEPT=3, MIN_SWEPT_LOG=9, MAX_PENDING=5):
        partition = Partition(SIZES)
        for action, number, hashes in history:
            match action:
                case "observe":
                    partition.observe(number, hashes)
                case "forget":  # a poison pill is isolated within its flush
                    partition.observe(number, hashes)
                    partition.forget(number, hashes[::2])
                    partition.flush()
                case "flush":
                    partition.flush()
                case "acknowledge":
                    partition.acknowledge()
                case "restart":
                    partition.restart(earlier=number)
                case _:
                    partition.now += number * HOUR
        partition.restart(earlier=0)


def fill(partition: Partition, number: int, first: int, count: int) -> None:
    numbers = np.arange(first, first + count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        hashes = numbers * np.uint64(0x9E3779B97F4A7C15)
    partition.windows.observe(number, hashes, partition.now)
    partition.twins[number].observe(hashes, partition.now)
    partition.now += 1_000


def test_a_quiet_input_does_not_keep_the_begin_of_the_log_back() -> None:
    partition, longest, size = Partition({1: 2_000, 2: 1_000}), 0, 0
    with patch.multiple(module, MAX_SWEPT=100, MIN_SWEPT_LOG=200):
        fill(partition, 2, 1, 400)
        for first in range(1_000, 31_000, 100):
            fill(partition, 1, first, 100)
            record = decode(partition.flush() or b"")
            partition.acknowledge()
            begin = decode(partition.topic[record.begin_seq][1]).position.ids
            longest = max(longest, record.position.ids - begin)
            size += sum(len(delta.to_previous) + len(delta.to_current) for delta in record.inputs)
        assert longest <= 2 * 2_400 + 200 + 2 * 400 + 3 * 200
        assert size <= 1.2 * 30_400
        partition.events = {}
        partition.flushed = deepcopy((partition.twins, partition.events))
        partition.restart(earlier=0)


def test_a_quiet_partition_writes_its_windows_again_twice_a_day_and_else_nothing() -> None:
    partition = Partition({1: 2_000})
    fill(partition, 1, 1, 699)
    for windows in (partition.windows.windows, partition.twins):
        windows[1].observe(u64([(1 << 64) - 1]), partition.now)
    assert partition.flush() is not None
    written = []
    for minute in range(1, 24 * 60):
        partition.now += 60_000
        if data := partition.flush():
            written.append((minute // 60, len(decode(data).inputs[0].to_current)))
    assert written == [(12, 700)]
    partition.restart(earlier=0)


def test_a_record_waits_for_a_second_or_many_ids() -> None:
    partition = Partition({1: 100_000})
    fill(partition, 1, 1, 10)
    assert partition.flush() is not None
    assert partition.flush() is None
    fill(partition, 1, 100, 5)
    partition.now -= 1
    assert partition.flush() is None, "999 ms after the last one"
    fill(partition, 1, 200, 9_995)
    partition.now -= 1_000
    assert len(decode(partition.flush() or b"").inputs[0].to_current) == 10_000
    partition.windows.observe(1, u64([5]), partition.now)
    partition.flush()
    partition.windows.forget(1, u64([5]))
    assert partition.flush() is not None, "a forgotten id does not wait"


def test_applied_offsets_move_without_new_ids() -> None:
    windows = DedupWindows({1: DedupWindow(10, is_optional=False)})
    assert windows.take_record({}, 0) is None
    first, second = windows.take_record({1: 7}, 1_000), windows.take_record({1: 9}, 2_000)
    assert first
    assert second
    assert windows.take_record({1: 9}, 3_000) is None
    assert DedupWindows({1: DedupWindow(10, is_optional=False)}).restore([first, second]) == {1: 9}


def test_the_sure_part_begins_with_the_log_where_the_topic_lost_records() -> None:
    partition = Partition({1: 20})
    for first in range(1, 60, 5):
        fill(partition, 1, first, 5)
        partition.flush()
    lost = DedupWindows({1: DedupWindow(20, is_optional=False)})
    newest = [data for _, data in partition.topic[-2:]]
    lost.restore(newest)
    assert lost.is_truncated
    assert lost.sure_since_ms(1) == decode(newest[0]).position.at_ms
    assert partition.windows.sure_since_ms(1) < lost.sure_since_ms(1)


@pytest.mark.parametrize("ids", [6, 40, 1_000])
def test_a_window_of_another_size_begins_with_what_the_log_holds(ids: int) -> None:
    partition = Partition({1: 100})
    fill(partition, 1, 1, 61)
    partition.flush()
    windows = DedupWindows({1: DedupWindow(ids, is_optional=False)})
    windows.restore(data for _, data in partition.topic)
    assert state_of(windows.windows) == state_of(partition.twins)
    partition.windows, partition.twins = windows, deepcopy(windows.windows)
    fill(partition, 1, 1, 61)
    assert len(windows.windows[1]) == 61, "all were repeats"
    fill(partition, 1, 100, ids + 1)
    assert len(windows.windows[1]) <= ids + (61 if ids > 100 else 0)


def test_an_input_that_is_no_longer_declared_is_left_out() -> None:
    partition = Partition(SIZES)
    partition.observe(2, [1, 2])
    partition.observe(5, [3])
    partition.flush()
    windows = DedupWindows({5: DedupWindow(13, is_optional=False)})
    assert windows.restore(data for _, data in partition.topic) == {2: 2, 5: 1}
    assert windows.observe(5, u64([3, 4]), 1).tolist() == [True, False]


def test_a_missing_record_and_one_that_goes_back_are_refused() -> None:
    partition = Partition({1: 4})
    for first in range(1, 20, 3):
        fill(partition, 1, first, 3)
        partition.flush()
    log = [data for _, data in partition.topic]
    with pytest.raises(ValueError, match="dedup record 4 follows 2"):
        DedupWindows({1: DedupWindow(4, is_optional=False)}).restore(log[:3] + log[4:])
    stale = encode(decode(log[0])._replace(position=decode(log[-1]).position))
    with pytest.raises(ValueError, match="goes back to generation"):
        DedupWindows({1: DedupWindow(4, is_optional=False)}).restore([*log[:-1], stale])


def test_the_sure_part_begins_with_the_log_where_only_the_first_generation_lost_records() -> None:
    partition = Partition({1: 20})
    for first in (1, 4, 7):
        fill(partition, 1, first, 3)
        partition.flush()
    lost = DedupWindows({1: DedupWindow(20, is_optional=False)})
    newest = partition.topic[-1][1]
    lost.restore([newest])
    assert lost.is_truncated
    assert lost.sure_since_ms(1) == decode(newest).position.at_ms
