"""Deadlines: the formula, its bounds, who has no rhythm, and the reasons."""

import pytest

from streams.rules.churn import (
    BY_CAMPAIGN_ONLY,
    BY_NEGATIVE,
    BY_SILENCE,
    Lifecycle,
    allowed_silence,
    at_risk_at,
    churn_reason,
    churned_at,
    deadline,
    lifecycle_at,
    next_transition_at,
)
from streams.rules.days import usual_gap
from streams.rules.rule import DAY
from tests.streams.rules.rows import brand, row

P = brand()
THEN = 20_000 * DAY


@pytest.mark.parametrize(("repeats", "span"), [(2, 9.0), (5, 40.0), (20, 300.0)])
@pytest.mark.parametrize("theta", [0.2, 0.5, 0.8])
def test_at_the_deadline_the_chance_that_the_fan_is_alive_is_theta(repeats: int, span: float, theta: float) -> None:
    p = brand(churn_r=0.9, churn_alpha=8.0, churn_a=0.7, churn_b=2.5)
    total = span + allowed_silence(repeats, span, theta, p)
    fading = ((8.0 + total) / (8.0 + span)) ** (0.9 + repeats)
    assert 1 / (1 + 0.7 / (2.5 + repeats) * fading) == pytest.approx(theta, abs=1e-6)


def test_silence_lasts_three_days_at_least_and_a_hundred_and_eighty_at_most() -> None:
    assert allowed_silence(50, 3.0, 0.5, P) == 3.0
    assert allowed_silence(2, 2_000.0, 0.2, P) == 180.0


@pytest.mark.parametrize("repeats", [0, 1])
def test_without_a_rhythm_it_is_thirty_and_sixty_days(repeats: int) -> None:
    assert (allowed_silence(repeats, 9.0, 0.5, P), allowed_silence(repeats, 9.0, 0.2, P)) == (30.0, 60.0)


def test_bounds_and_windows_are_the_brands() -> None:
    p = brand(shortest_silence=9.0, longest_silence=10.0, new_at_risk=5.0, new_churned=6.0)
    assert (allowed_silence(50, 3.0, 0.5, p), allowed_silence(2, 2_000.0, 0.2, p)) == (9.0, 10.0)
    assert (allowed_silence(1, 9.0, 0.5, p), allowed_silence(1, 9.0, 0.2, p)) == (5.0, 6.0)


def test_two_repeats_are_a_rhythm() -> None:
    assert allowed_silence(2, 9.0, 0.5, P) != 30.0


def test_an_angry_fan_is_gone_where_others_come_to_be_at_risk() -> None:
    calm = row(n_days=9, first_seen=THEN, last_seen=THEN + 40 * DAY, sentiment_mean=-0.29, sentiment_n=3)
    angry = row(n_days=9, first_seen=THEN, last_seen=THEN + 40 * DAY, sentiment_mean=-0.31, sentiment_n=1)
    assert churned_at(calm, P) == deadline(calm, 0.2, P) > deadline(calm, 0.5, P)
    assert churned_at(angry, P) == at_risk_at(angry, P)


PRIZES = {"organic_weight": 0.0, "total_weight": 30.0}  # R = .25


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sentiment_mean": -0.3, "sentiment_n": 1, **PRIZES}, BY_NEGATIVE),
        ({"sentiment_mean": -0.2, "sentiment_n": 9, **PRIZES}, BY_CAMPAIGN_ONLY),
        ({**PRIZES}, BY_CAMPAIGN_ONLY),
        ({"is_organic": 1, **PRIZES}, BY_SILENCE),
        ({"organic_weight": 0.0, "total_weight": 9.0}, BY_SILENCE),  # R = 10/19
        ({}, BY_SILENCE),
    ],
)
def test_the_reason_is_the_first_that_holds(fields: dict[str, float], reason: int) -> None:
    assert churn_reason(row(**fields), P) == reason


def test_a_suspect_at_risk_is_let_go_when_the_guard_ends() -> None:
    f = row(n_days=9, first_seen=THEN, last_seen=THEN + 40 * DAY, lifecycle=Lifecycle.AT_RISK, suspect=1)
    f.lifecycle_since = THEN + 60 * DAY
    assert next_transition_at(f, P) == f.lifecycle_since + DAY
    assert lifecycle_at(f, f.lifecycle_since + 90 * DAY, P) == Lifecycle.ACTIVE


def test_who_is_known_by_attribution_alone_never_leaves() -> None:
    f = row(influence=9.0, as_of=THEN)
    assert lifecycle_at(f, THEN + 400 * DAY, P) == Lifecycle.NEW
    assert next_transition_at(f, P) > THEN + 10_000 * DAY


def test_the_usual_gap_is_the_mean_between_active_days_in_seconds() -> None:
    assert usual_gap(row(n_days=5, first_seen=THEN, last_seen=THEN + 8 * DAY)) == 2 * 86_400
    assert usual_gap(row(n_days=1, first_seen=THEN, last_seen=THEN)) == 0
