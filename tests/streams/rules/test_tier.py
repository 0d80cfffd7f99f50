"""Tiers: entered high, left low, and the highest only by those who are here for the brand."""

import pytest

from streams.rules.tier import Tier, tier_of
from tests.streams.rules.rows import brand

P = brand()
PASSER_BY, FAN, ACTIVE, CORE = Tier


@pytest.mark.parametrize(("tier", "enter", "leave"), [(FAN, 10.0, 8.0), (ACTIVE, 30.0, 24.0), (CORE, 60.0, 48.0)])
def test_a_tier_is_entered_high_and_left_low(tier: Tier, enter: float, leave: float) -> None:
    below = Tier(tier - 1)
    assert (tier_of(enter - 0.01, 1.0, below, P), tier_of(enter, 1.0, below, P)) == (below, tier)
    assert (tier_of(leave, 1.0, tier, P), tier_of(leave - 0.01, 1.0, tier, P)) == (tier, below)


def test_core_wants_half_of_the_relevance_to_enter_and_to_stay() -> None:
    assert [tier_of(70.0, 0.5, tier, P) for tier in (ACTIVE, CORE)] == [CORE, CORE]
    assert [tier_of(70.0, 0.49, tier, P) for tier in (ACTIVE, CORE)] == [ACTIVE, ACTIVE]


def test_a_fall_goes_all_the_way_and_so_does_a_rise() -> None:
    assert tier_of(5.0, 1.0, CORE, P) == PASSER_BY
    assert tier_of(61.0, 1.0, PASSER_BY, P) == CORE
