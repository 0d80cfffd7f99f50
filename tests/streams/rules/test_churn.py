"""Deadlines: the formula, its bounds, who has no rhythm, and the reasons."""

import pytest

from schemas.fan import Life
from streams.columns import Reason
from streams.params import DAY
from streams.rules.churn import gone, life_at, limit, next_flip, silence, usual_gap, why
from tests.streams.rules.rows import brand, row

P = brand()
THEN = 20_000 * DAY


@pytest.mark.parametrize(("repeats", "span"), [(2, 9.0), (5, 40.0), (20, 300.0)])
@pytest.mark.parametrize("theta", [0.2, 0.5, 0.8])
def test_at_the_deadline_the_chance_that_he_is_alive_is_theta(repeats: int, span: float, theta: float) -> None:
    p = brand(churn_r=0.9, churn_alpha=8.0, churn_a=0.7, churn_b=2.5)
    total = span + silence(repeats, span, theta, p)
    fading = ((8.0 + total) / (8.0 + span)) ** (0.9 + repeats)
    assert 1 / (1 + 0.7 / (2.5 + repeats) * fading) == pytest.approx(theta, abs=1e-6)


def test_silence_lasts_three_days_at_least_and_a_hundred_and_eighty_at_most() -> None:
    assert silence(50, 3.0, 0.5, P) == 3.0
    assert silence(2, 2_000.0, 0.2, P) == 180.0


@pytest.mark.parametrize("repeats", [0, 1])
def test_without_a_rhythm_it_is_thirty_and_sixty_days(repeats: int) -> None:
    assert (silence(repeats, 9.0, 0.5, P), silence(repeats, 9.0, 0.2, P)) == (30.0, 60.0)


def test_bounds_and_windows_are_the_brands() -> None:
    p = brand(shortest_silence=9.0, longest_silence=10.0, new_at_risk=5.0, new_churned=6.0)
    assert (silence(50, 3.0, 0.5, p), silence(2, 2_000.0, 0.2, p)) == (9.0, 10.0)
    assert (silence(1, 9.0, 0.5, p), silence(1, 9.0, 0.2, p)) == (5.0, 6.0)


def test_two_repeats_are_a_rhythm() -> None:
    assert silence(2, 9.0, 0.5, P) != 30.0


def test_an_angry_fan_is_gone_where_others_come_to_be_at_risk() -> None:
    calm = row(n_days=9, first_seen=THEN, last_seen=THEN + 40 * DAY, mood=-0.29, mood_n=3)
    angry = row(n_days=9, first_seen=THEN, last_seen=THEN + 40 * DAY, mood=-0.31, mood_n=1)
    assert gone(calm, P) == limit(calm, 0.2, P) > limit(calm, 0.5, P)
    assert gone(angry, P) == limit(angry, 0.5, P)


PRIZES = {"on_brand": 0.0, "whole": 30.0}  # R = .25


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"mood": -0.3, "mood_n": 1, **PRIZES}, Reason.NEGATIVE),
        ({"mood": -0.2, "mood_n": 9, **PRIZES}, Reason.CAMPAIGN_ONLY),
        ({**PRIZES}, Reason.CAMPAIGN_ONLY),
        ({"is_organic": 1, **PRIZES}, Reason.SILENCE),
        ({"on_brand": 0.0, "whole": 9.0}, Reason.SILENCE),  # R = 10/19
        ({}, Reason.SILENCE),
    ],
)
def test_the_reason_is_the_first_that_holds(fields: dict[str, float], reason: Reason) -> None:
    assert why(row(**fields), P) == reason


def test_a_suspect_at_risk_is_let_go_when_the_guard_ends() -> None:
    f = row(n_days=9, first_seen=THEN, last_seen=THEN + 40 * DAY, life=Life.AT_RISK, suspect=1)
    f.life_since = THEN + 60 * DAY
    assert next_flip(f, P) == f.life_since + DAY
    assert life_at(f, f.life_since + 90 * DAY, P) == Life.ACTIVE


def test_who_is_known_by_credits_alone_never_leaves() -> None:
    f = row(credit=9.0, as_of=THEN)
    assert life_at(f, THEN + 400 * DAY, P) == Life.NEW
    assert next_flip(f, P) > THEN + 10_000 * DAY


def test_the_usual_gap_is_the_mean_between_active_days_in_seconds() -> None:
    assert usual_gap(row(n_days=5, first_seen=THEN, last_seen=THEN + 8 * DAY)) == 2 * 86_400
    assert usual_gap(row(n_days=1, first_seen=THEN, last_seen=THEN)) == 0
