"""Exponential decay: a sum loses half of itself every half-life (Cormode et al., Forward Decay, ICDE 2009)."""

import math

from streams.compiled import compiled
from streams.rules.rule import DAY


@compiled
def decay_factor(elapsed: int, half_life: float) -> float:
    """Return the share that is left after ``elapsed`` ms, half-life in days.

    >>> decay_factor(2 * DAY, half_life=1.0)
    0.25
    """
    return math.exp2(-elapsed / (half_life * DAY))
