"""Claims about the crash marker: it narrows down what kills, and forgets what went well."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from agents.transport.fetching import NOTHING, FetchedBatch
from agents.worker.crash_marker import MAX_DEATHS, MAX_TOGETHER, CrashMarker

LIKES, COMMENTS = TopicPartition("likes", 2), TopicPartition("comments", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "worker.marker"


def marker(path: Path) -> CrashMarker:
    """Open the marker as a new process does; the old one died."""
    return CrashMarker(path, ["likes", "comments"])


def batch(start: int, stop: int) -> FetchedBatch:
    return FetchedBatch(start, stop, NOTHING)


def die(one: CrashMarker, batches: Sequence[tuple[TopicPartition, FetchedBatch]]) -> None:
    """Mark batches as being applied, and never come back."""
    with pytest.raises(KeyboardInterrupt), one.covering(batches):
        raise KeyboardInterrupt


def die_at(one: CrashMarker, tp: TopicPartition, start: int, stop: int) -> None:
    die(one, [(tp, batch(start, stop))])


def test_a_batch_that_went_well_is_no_suspect(path: Path) -> None:
    with marker(path).covering([(LIKES, batch(0, 100))]):
        pass
    assert marker(path).suspect is None


def test_only_the_same_records_are_isolated(path: Path) -> None:
    assert MAX_DEATHS == 3
    for deaths in range(1, MAX_DEATHS + 1):
        one = marker(path)
        assert not one.must_isolate(LIKES, 0, 100), deaths
        die_at(one, LIKES, 0, 100)
    one = marker(path)
    assert one.must_isolate(LIKES, 0, 100)
    assert one.must_isolate(LIKES, 50, 51)
    assert not one.must_isolate(LIKES, 100, 200)
    assert not one.must_isolate(COMMENTS, 0, 100)


def test_batches_cut_elsewhere_narrow_it_down(path: Path) -> None:
    die_at(marker(path), LIKES, 0, 100)
    die_at(marker(path), LIKES, 60, 300)
    found = marker(path).suspect
    assert found is not None
    assert (found.start, found.stop, found.deaths) == (60, 100, 2)


def test_deaths_at_other_records_do_not_add_up(path: Path) -> None:
    for start in (0, 100, 200, 300):
        die_at(marker(path), LIKES, start, start + 100)
    found = marker(path).suspect
    assert found is not None
    assert (found.start, found.deaths) == (300, 1)


def test_a_record_that_kills_alone_is_the_poison_pill(path: Path) -> None:
    for _ in range(MAX_DEATHS):
        die_at(marker(path), LIKES, 0, 3)
    one = marker(path)
    assert not one.is_poison_pill(LIKES, 1)
    with pytest.raises(KeyboardInterrupt), one.covering_record(LIKES, 1):
        raise KeyboardInterrupt
    one = marker(path)
    assert one.is_poison_pill(LIKES, 1)
    assert not one.is_poison_pill(LIKES, 0)
    assert one.must_isolate(LIKES, 0, 3)


def test_a_death_among_several_batches_makes_the_next_run_take_those_alone_and_no_others(path: Path) -> None:
    die(marker(path), [(LIKES, batch(0, 9)), (COMMENTS, batch(5, 6))])
    one = marker(path)
    assert one.suspect is None
    assert one.is_suspect(LIKES, 8, 20)
    assert one.is_suspect(COMMENTS, 0, 6)
    assert not one.is_suspect(LIKES, 9, 20), "those offsets are committed by then"
    assert not one.is_suspect(COMMENTS, 6, 7)
    die_at(one, LIKES, 0, 9)
    one = marker(path)
    assert one.suspect == (LIKES, 0, 9, 1)
    assert not one.is_suspect(COMMENTS, 5, 6)


def test_a_batch_that_kills_is_counted_to_the_end_though_it_comes_with_others(path: Path) -> None:
    others = [(COMMENTS, batch(0, 5)), (COMMENTS, batch(5, 9))]
    for _ in range(1 + MAX_DEATHS):
        one = marker(path)
        assert not one.must_isolate(LIKES, 0, 9)
        is_alone = one.is_suspect(LIKES, 0, 9)
        die(one, [(LIKES, batch(0, 9))] if is_alone else [(LIKES, batch(0, 9)), *others])
    assert marker(path).must_isolate(LIKES, 0, 9)


def test_as_many_batches_as_are_decoded_together_are_remembered(path: Path) -> None:
    die(marker(path), [(LIKES, batch(n, n + 1)) for n in range(MAX_TOGETHER)])
    one = marker(path)
    assert all(one.is_suspect(LIKES, n, n + 1) for n in range(MAX_TOGETHER))
    with one.covering([(LIKES, batch(0, 1))]):
        pass
    assert not marker(path).is_suspect(LIKES, 0, MAX_TOGETHER)


def test_a_file_of_another_size_begins_empty(path: Path) -> None:
    path.write_bytes(b"what is this")
    assert marker(path).suspect is None
