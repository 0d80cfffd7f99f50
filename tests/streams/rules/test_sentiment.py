"""The negative flag: one very angry comment, or a mean that is low over three comments; up to zero it stands."""

import math

import pytest

from streams.rules.sentiment import apply, is_negative
from tests.streams.rules.rows import brand, event, row

P = brand()
NONE = math.nan


def test_the_mean_moves_by_three_tenths_of_the_way_and_begins_with_the_first() -> None:
    f = row()
    for sentiment, mean in ((-0.5, -0.5), (0.5, -0.2), (0.0, -0.14)):
        apply(f, event(sentiment=sentiment), P)
        assert f.sentiment_mean == pytest.approx(mean, abs=1e-6)
    apply(f, event(), P)
    assert f.sentiment_n == 3


@pytest.mark.parametrize(
    ("was", "sentiment", "mean", "n", "stands"),
    [
        (False, -0.6, 0.5, 9, True),
        (False, -0.59, -0.59, 1, False),
        (False, -0.3, -0.3, 2, False),
        (False, -0.3, -0.3, 3, True),
        (False, -0.3, -0.29, 3, False),
        (True, 0.1, -0.01, 9, True),
        (True, 0.1, 0.0, 9, False),
        (True, NONE, 0.5, 9, True),  # no comment, no change
        (False, NONE, -0.9, 9, False),
    ],
)
def test_the_flag_stands_by_the_rule(was: bool, sentiment: float, mean: float, n: int, stands: bool) -> None:
    assert is_negative(was, sentiment, mean, n, P) is stands
