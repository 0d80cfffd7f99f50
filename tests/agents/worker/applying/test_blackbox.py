"""Claims about the flight recorder: it narrows down what kills, and forgets what went well."""

from pathlib import Path

import pytest
from aiokafka import TopicPartition

from agents.transport.blocks import NOTHING, RawBlock
from agents.worker.applying.blackbox import PATIENCE, BlackBox

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


def test_a_death_among_several_blocks_makes_the_next_run_take_each_alone(path: Path) -> None:
    one = box(path)
    assert not one.is_shaken
    one.enter_all([(LIKES, RawBlock(0, 9, NOTHING)), (COMMENTS, RawBlock(5, 6, NOTHING))])
    one = box(path)
    assert one.is_shaken
    assert one.suspect is None
    one.enter_all([(LIKES, RawBlock(0, 9, NOTHING))])
    one = box(path)
    assert not one.is_shaken
    assert one.suspect == (LIKES, 0, 9, 1)


def test_a_file_of_another_size_is_begun_anew(path: Path) -> None:
    path.write_bytes(b"what is this")
    assert box(path).suspect is None
