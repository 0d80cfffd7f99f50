"""Fake engagement: each kind of evidence raises and releases its own bit."""

import pytest

from schemas.events import Kind, Topic
from streams.rules.suspect import CAPS, beat, is_capped, suspicion
from tests.streams.rules.rows import brand, row

P = brand()


def gapped(topic: Topic, n: int, cv: float, suspect: int = 0) -> int:
    """Return who is suspect after ``n`` gaps of this variation."""
    f = row(suspect=suspect)
    f.gap_n[topic], f.gap_mean[topic], f.gap_m2[topic] = n, 10.0, n * (10.0 * cv) ** 2
    suspicion(f, topic, P)
    return int(f.suspect)


@pytest.mark.parametrize(("topic", "bit"), [(Topic.LIKES, 0b001), (Topic.REPOSTS, 0b010)])
def test_an_even_rhythm_over_twenty_gaps_is_suspect_until_it_is_uneven(topic: Topic, bit: int) -> None:
    assert (gapped(topic, 19, 0.1), gapped(topic, 20, 0.1)) == (0, bit)
    assert (gapped(topic, 20, 0.34), gapped(topic, 20, 0.36)) == (bit, 0)
    assert (gapped(topic, 20, 0.49, suspect=bit), gapped(topic, 20, 0.51, suspect=bit)) == (bit, 0)
    assert gapped(topic, 20, 0.51, suspect=bit | CAPS) == 0  # caps have their own evidence: no full day, no bit


def test_the_evidence_of_one_topic_does_not_release_that_of_the_other() -> None:
    assert gapped(Topic.LIKES, 20, 0.9, suspect=0b010) == 0b010
    f = row(suspect=0b011)
    suspicion(f, Topic.COMMENTS, P)
    assert f.suspect == 0b011


@pytest.mark.parametrize(
    ("hits", "was", "is_suspect"),
    [
        (0b1111, 0, False),
        (0b11111, 0, True),
        (0b1010111, 0, True),
        (0b10111100, 0, False),  # five days of eight
        (0b1000, CAPS, False),  # three clean days
        (0b0100, CAPS, True),
    ],
)
def test_five_full_days_of_seven_are_suspect_until_three_are_clean(hits: int, was: int, is_suspect: bool) -> None:
    f = row(hit_days=hits, newest_hit=20_000, newest_day=20_000, suspect=was)
    suspicion(f, Topic.PURCHASES, P)
    assert bool(f.suspect) is is_suspect


def test_the_cap_is_of_a_kind_and_its_newest_day() -> None:
    f = row()
    assert [is_capped(f, Kind.LIKE, 9, P) for _ in range(21)] == [False] * 20 + [True]
    assert not is_capped(f, Kind.COMMENT, 9, P)
    assert not is_capped(f, Kind.LIKE, 8, P), "an older day weighs as usual"
    assert is_capped(f, Kind.LIKE, 9, P)
    assert not is_capped(f, Kind.LIKE, 10, P)


@pytest.mark.parametrize("kind", [Kind.UNLIKE, Kind.REFUND])
def test_what_is_taken_back_is_never_capped(kind: Kind) -> None:
    f = row()
    assert not any(is_capped(f, kind, 9, P) for _ in range(100))


def test_an_act_that_is_not_newer_gives_no_gap() -> None:
    f = row()
    for at in (1_000, 5_000, 3_000, 5_000, 9_000):
        beat(f, Topic.LIKES, at)
    assert (f.gap_n[Topic.LIKES], f.gap_mean[Topic.LIKES]) == (2, 4.0)
