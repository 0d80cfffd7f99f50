"""Fake engagement: each kind of evidence raises and releases its own bit."""

import pytest

from schemas.inputs import COMMENTS, INPUTS, LIKES, REPOSTS
from streams.fans.compose import counter
from streams.fans.model import MODEL
from streams.rules.authenticity import BY_CAPS, RHYTHMS, apply, hits_by, record_hit, update_gap_stats
from tests.streams.rules.rows import brand, event, row

P = brand()
LIKE_BIT, REPOST_BIT = 0b001, 0b010
NUMBERS = {kind.name: kind.number for kind in MODEL.kinds}
count_event = counter(MODEL.kinds)


def gapped(rhythm: int, n: int, cv: float, suspect: int = 0) -> int:
    """Return who is suspect after ``n`` gaps of this variation."""
    f = row(suspect=suspect)
    f.gap_n[rhythm], f.gap_mean[rhythm], f.gap_m2[rhythm] = n, 10.0, n * (10.0 * cv) ** 2
    apply(f, event(rhythm=rhythm), P)  # not newer than the last one, so it gives no gap
    return int(f.suspect)


def test_the_row_has_room_for_every_rhythm() -> None:
    assert sorted(one.rhythm for one in INPUTS if one.rhythm is not None) == list(range(RHYTHMS))


@pytest.mark.parametrize(("rhythm", "bit"), [(LIKES.rhythm, LIKE_BIT), (REPOSTS.rhythm, REPOST_BIT)])
def test_an_even_rhythm_over_twenty_gaps_is_suspect_until_it_is_uneven(rhythm: int, bit: int) -> None:
    assert (gapped(rhythm, 19, 0.1), gapped(rhythm, 20, 0.1)) == (0, bit)
    assert (gapped(rhythm, 20, 0.34), gapped(rhythm, 20, 0.36)) == (bit, 0)
    assert (gapped(rhythm, 20, 0.49, suspect=bit), gapped(rhythm, 20, 0.51, suspect=bit)) == (bit, 0)
    assert gapped(rhythm, 20, 0.51, suspect=bit | BY_CAPS) == 0  # caps have their own evidence: no full day, no bit


def test_the_evidence_of_one_input_does_not_release_that_of_the_other() -> None:
    assert gapped(0, 20, 0.9, suspect=REPOST_BIT) == REPOST_BIT
    f = row(suspect=LIKE_BIT | REPOST_BIT)
    assert COMMENTS.rhythm is None
    apply(f, event(rhythm=-1), P)
    assert f.suspect == LIKE_BIT | REPOST_BIT


@pytest.mark.parametrize(
    ("hits", "was", "is_suspect"),
    [
        (0b1111, 0, False),
        (0b11111, 0, True),
        (0b1010111, 0, True),
        (0b10111100, 0, False),  # five days of eight
        (0b1000, BY_CAPS, False),  # three clean days
        (0b0100, BY_CAPS, True),
    ],
)
def test_five_full_days_of_seven_are_suspect_until_three_are_clean(hits: int, was: int, is_suspect: bool) -> None:
    f = row(hit_days=hits, newest_hit=20_000, newest_day=20_000, suspect=was)
    apply(f, event(), P)
    assert bool(f.suspect) is is_suspect


@pytest.mark.parametrize("back", range(8, 200))
def test_a_cap_hit_older_than_the_bitmap_leaves_no_mark(back: int) -> None:
    f = row(hit_days=0b101, newest_hit=20_000)
    record_hit(f, 20_000 - back)
    assert (f.hit_days, f.newest_hit) == (0b101, 20_000)
    assert hits_by(f, 20_000 + back) == 0


@pytest.mark.parametrize("back", range(8))
def test_a_cap_hit_within_the_bitmap_marks_its_day(back: int) -> None:
    f = row(hit_days=1, newest_hit=20_000)
    record_hit(f, 20_000 - back)
    assert (f.hit_days, f.newest_hit) == (1 | 1 << back, 20_000)


def is_capped(f: object, kind: str, day: int) -> bool:
    e = event(kind=NUMBERS[kind], day=day, weight=-1.0 if kind in ("unlike", "refund") else 1.0)
    count_event(f, e, P)
    return bool(e.is_capped)


def test_the_cap_is_of_a_kind_and_its_newest_day() -> None:
    f = row()
    assert [is_capped(f, "like", 9) for _ in range(21)] == [False] * 20 + [True]
    assert not is_capped(f, "comment", 9)
    assert not is_capped(f, "like", 8), "an older day weighs as usual"
    assert is_capped(f, "like", 9)
    assert not is_capped(f, "like", 10)
    assert (f.count_like, f.count_comment) == (24, 1)


@pytest.mark.parametrize("kind", ["unlike", "refund"])
def test_what_is_taken_back_is_never_capped(kind: str) -> None:
    f = row()
    assert not any(is_capped(f, kind, 9) for _ in range(100))
    assert f[f"count_{kind}"] == 100


def test_an_act_that_is_not_newer_gives_no_gap() -> None:
    f = row()
    for at in (1_000, 5_000, 3_000, 5_000, 9_000):
        update_gap_stats(f, 0, at)
    assert (f.gap_n[0], f.gap_mean[0]) == (2, 4.0)
