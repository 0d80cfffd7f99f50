"""Which events count: offsets know replays, rings know repeats."""

from typing import Any

import numpy as np
import pytest

from schemas.events import Topic
from streams.columns import Verdict
from streams.rules import admission
from tests.streams.rules.rows import row


def admit(f: Any, topic: Topic, offset: int, ident: int) -> int:
    return admission.admit(f, int(topic), offset, ident)  # numba takes no enum as an index


@pytest.mark.parametrize(
    ("topic", "size"), [(Topic.LIKES, 8), (Topic.REPOSTS, 4), (Topic.COMMENTS, 4), (Topic.PURCHASES, 4)]
)
def test_a_repeat_is_known_among_the_newest_ids_of_its_topic(topic: Topic, size: int) -> None:
    f = row()
    assert [admit(f, topic, n, 1_000 + n) for n in range(size)] == [Verdict.APPLIED] * size
    assert [admit(f, topic, size + n, 1_000 + n) for n in range(size)] == [Verdict.DUPLICATE] * size
    assert admit(f, topic, 2 * size, 5) == Verdict.APPLIED
    assert admit(f, topic, 2 * size + 1, 1_001) == Verdict.DUPLICATE
    assert admit(f, topic, 2 * size + 2, 1_000) == Verdict.APPLIED, "the oldest made room"


def test_the_same_id_in_two_topics_is_two_events() -> None:
    f = row()
    assert [admit(f, topic, 0, 7) for topic in Topic] == [Verdict.APPLIED] * len(Topic)


@pytest.mark.parametrize("topic", Topic)
def test_what_was_read_before_is_a_replay_whatever_its_id(topic: Topic) -> None:
    f = row()
    assert admit(f, topic, 5, 1) == Verdict.APPLIED
    before = f.tobytes()
    assert [admit(f, topic, offset, ident) for offset in (5, 0) for ident in (1, 2)] == [Verdict.REPLAYED] * 4
    assert f.tobytes() == before
    assert admit(f, topic, 6, 2) == Verdict.APPLIED


def test_credits_count_by_offset_alone() -> None:
    f = row()
    assert [admit(f, Topic.CREDITS, n, 7) for n in range(3)] == [Verdict.APPLIED] * 3
    assert not np.any(f.ring)
