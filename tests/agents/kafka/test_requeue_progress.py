"""What `dlq requeue` remembers: whatever the calls and wherever they are cut, each dead letter is sent once."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from agents.errors import ConfigError
from agents.kafka.reading import Chunk
from agents.kafka.requeue import Remembered, Selection
from agents.kafka.requeue_progress import METADATA_BYTES, RequeueProgress
from agents.settings import Settings
from schemas.dead_letters import Refusal, RefusalKind, headers

AT = TopicPartition("dead-letters", 0)
REASONS = ("missing field", "missing key", "another partition", "JSON is malformed", "字段缺失")
FILTERS = ("", "missing", "missing field", "partition", "i", "缺", "no such reason")
REASON_LISTS = st.lists(st.sampled_from(REASONS), max_size=40)
# Each call has a filter, is cut after some chunks (None: ends), and reads chunks of some size.
CALLS = st.lists(
    st.tuples(st.sampled_from(FILTERS), st.none() | st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=8
)


def call(
    dead_letters: list[str], progress: RequeueProgress, text: str, cut: int | None, size: int
) -> tuple[list[int], RequeueProgress]:
    """Read chunk by chunk from ``progress.offset``, as one call does; what each chunk sends is committed with it."""
    selection = Selection(Settings(), text, Remembered("A", {AT: progress}), from_start=False)
    sent: list[int] = []
    chunks = range(progress.offset, len(dead_letters), size)
    for start in chunks if cut is None else chunks[:cut]:
        stop = min(start + size, len(dead_letters))
        moved = selection.move(Chunk(AT, [record(n, dead_letters[n]) for n in range(start, stop)], stop))
        sent += [int(one.value) for one in moved.records]
        if moved.mark is not None:
            progress = RequeueProgress.parse(moved.mark.offset, moved.mark.metadata, "A")
    return sent, progress


def record(offset: int, reason: str) -> SimpleNamespace:
    found = headers("likes", 0, offset, Refusal(RefusalKind.INVALID_FIELD, reason))
    return SimpleNamespace(offset=offset, timestamp=0, headers=found, key=b"miot:f", value=b"%d" % offset)


@given(REASON_LISTS, CALLS)
def test_each_is_sent_once_and_those_left_by_a_reason_come_later(
    dead_letters: list[str], calls: list[tuple[str, int | None, int]]
) -> None:
    progress, sent = RequeueProgress(0, {}), list[int]()
    for text, cut, size in calls:
        some, progress = call(dead_letters, progress, text, cut, size)
        assert all(text in dead_letters[offset] for offset in some)
        sent += some
        if cut is None:
            assert all(progress.is_done(n, reason) for n, reason in enumerate(dead_letters) if text in reason)
    rest, progress = call(dead_letters, progress, "", None, 7)
    assert sorted(sent + rest) == list(range(len(dead_letters)))
    assert progress == RequeueProgress(len(dead_letters), {})


@given(REASON_LISTS, st.permutations(REASONS))
def test_all_reasons_one_after_another_are_the_whole(dead_letters: list[str], order: list[str]) -> None:
    progress = RequeueProgress(0, {})
    for text in order:
        _, progress = call(dead_letters, progress, text, None, 3)
    assert progress == RequeueProgress(len(dead_letters), {})


def test_a_reason_that_another_covers_takes_no_room() -> None:
    progress = RequeueProgress(0, {}).advance(0, "missing field: brand_id", 9).advance(0, "missing", 9)
    assert progress == RequeueProgress(0, {"missing": 9})


def test_offsets_of_a_topic_created_again_are_not_taken() -> None:
    text = RequeueProgress(50, {"x": 60}).format("old")
    assert RequeueProgress.parse(50, text, "new") == RequeueProgress(0, {})
    assert RequeueProgress.parse(50, text, "old") == RequeueProgress(50, {"x": 60})


def test_an_offset_set_by_hand_is_taken() -> None:
    assert RequeueProgress.parse(50, "", "A") == RequeueProgress.parse(50, "by hand", "A") == RequeueProgress(50, {})
    assert RequeueProgress.parse(50, "topic=A reasons=[", "A") == RequeueProgress(50, {})


def test_more_than_kafka_takes_is_refused_before_anything_is_sent() -> None:
    progress = RequeueProgress(0, {f"reason number {n} of many": 9 for n in range(METADATA_BYTES // 20)})
    with pytest.raises(ConfigError, match="call with a shorter --reason"):
        progress.format("A")


@given(REASON_LISTS, st.sampled_from(FILTERS), st.sampled_from(FILTERS))
def test_all_sends_again_and_forgets_nothing(dead_letters: list[str], first: str, again: str) -> None:
    sent, progress = call(dead_letters, RequeueProgress(0, {}), first, None, 7)
    selection = Selection(Settings(), again, Remembered("A", {AT: progress}), from_start=True)
    moved = selection.move(Chunk(AT, [record(n, reason) for n, reason in enumerate(dead_letters)], len(dead_letters)))
    twice = [int(one.value) for one in moved.records]
    assert twice == [n for n, reason in enumerate(dead_letters) if again in reason]
    rest, _ = call(dead_letters, selection.progress[AT], "", None, 7)
    assert sorted({*sent, *twice, *rest}) == list(range(len(dead_letters)))
    assert not set(rest) & {*sent, *twice}
