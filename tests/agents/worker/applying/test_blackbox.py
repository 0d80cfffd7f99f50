"""Claims about the flight recorder: it narrows down what kills, and forgets what went well."""

from pathlib import Path

import pytest
from aiokafka import TopicPartition

from agents.transport.blocks import NOTHING, RawBlock
from agents.worker.applying.blackbox import MAX_TOGETHER, PATIENCE, BlackBox

LIKES, COMMENTS = TopicPartition("likes", 2), TopicPartition("comments", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "worker.blackbox"


def box(path: Path) -> BlackBox:
    """Open the recorder as a new process does; the old one died."""
    return BlackBox(path, ["likes", "comments"])


def test_a_block_that_went_well_is_no_suspect(path: Path) -> None:
    one = box(path)
    one.enter(LIKES, 0, 100)
    one.leave()
    assert box(path).suspect is None


def test_only_the_same_records_make_a_block_dangerous(path: Path) -> None:
    assert PATIENCE == 3
    for deaths in range(1, PATIENCE + 1):
        one = box(path)
        assert not one.is_dangerous(LIKES, 0, 100), deaths
        one.enter(LIKES, 0, 100)
    one = box(path)
    assert one.is_dangerous(LIKES, 0, 100)
    assert one.is_dangerous(LIKES, 50, 51)
    assert not one.is_dangerous(LIKES, 100, 200)
    assert not one.is_dangerous(COMMENTS, 0, 100)


def test_blocks_cut_elsewhere_narrow_it_down(path: Path) -> None:
    box(path).enter(LIKES, 0, 100)
    box(path).enter(LIKES, 60, 300)
    found = box(path).suspect
    assert found is not None
    assert (found.start, found.stop, found.deaths) == (60, 100, 2)


def test_deaths_at_other_records_do_not_add_up(path: Path) -> None:
    for start in (0, 100, 200, 300):
        box(path).enter(LIKES, start, start + 100)
    found = box(path).suspect
    assert found is not None
    assert (found.start, found.deaths) == (300, 1)


def test_a_record_that_kills_alone_is_the_culprit(path: Path) -> None:
    for _ in range(PATIENCE):
        box(path).enter(LIKES, 0, 3)
    one = box(path)
    assert not one.is_culprit(LIKES, 1)
    one.enter(LIKES, 1, 2)
    one = box(path)
    assert one.is_culprit(LIKES, 1)
    assert not one.is_culprit(LIKES, 0)
    assert one.is_dangerous(LIKES, 0, 3)


def block(start: int, stop: int) -> RawBlock:
    return RawBlock(start, stop, NOTHING)


def test_a_death_among_several_blocks_makes_the_next_run_take_those_alone_and_no_others(path: Path) -> None:
    one = box(path)
    one.enter_all([(LIKES, block(0, 9)), (COMMENTS, block(5, 6))])
    one = box(path)
    assert one.suspect is None
    assert one.is_suspect(LIKES, 8, 20)
    assert one.is_suspect(COMMENTS, 0, 6)
    assert not one.is_suspect(LIKES, 9, 20), "those offsets are committed by then"
    assert not one.is_suspect(COMMENTS, 6, 7)
    one.enter_all([(LIKES, block(0, 9))])
    one = box(path)
    assert one.suspect == (LIKES, 0, 9, 1)
    assert not one.is_suspect(COMMENTS, 5, 6)


def test_a_block_that_kills_is_counted_to_the_end_though_it_comes_with_others(path: Path) -> None:
    others = [(COMMENTS, block(0, 5)), (COMMENTS, block(5, 9))]
    for _ in range(1 + PATIENCE):
        one = box(path)
        assert not one.is_dangerous(LIKES, 0, 9)
        is_alone = one.is_suspect(LIKES, 0, 9)
        one.enter_all([(LIKES, block(0, 9))] if is_alone else [(LIKES, block(0, 9)), *others])
    assert box(path).is_dangerous(LIKES, 0, 9)


def test_as_many_blocks_as_are_decoded_together_are_remembered(path: Path) -> None:
    box(path).enter_all([(LIKES, block(n, n + 1)) for n in range(MAX_TOGETHER)])
    one = box(path)
    assert all(one.is_suspect(LIKES, n, n + 1) for n in range(MAX_TOGETHER))
    one.enter(LIKES, 0, 1)
    one.leave()
    assert not box(path).is_suspect(LIKES, 0, MAX_TOGETHER)


def test_a_file_of_another_size_is_begun_anew(path: Path) -> None:
    path.write_bytes(b"what is this")
    assert box(path).suspect is None
