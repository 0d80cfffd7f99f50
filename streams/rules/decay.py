"""Forgetting: a sum loses half of itself every half-life (Cormode et al., Forward Decay, ICDE 2009)."""

import math

from schemas.fan import Fan
from streams.compiled import compiled
from streams.params import DAY, Params


@compiled
def left(elapsed: int, half_life: float) -> float:
    """Return the share that is left after ``elapsed`` ms, half-life in days.

    >>> left(2 * DAY, half_life=1.0)
    0.25
    """
    return math.exp2(-elapsed / (half_life * DAY))


@compiled
def age(f: Fan, now: int, p: Params) -> None:
    """Fade every sum to ``now``; a moment in the past changes nothing."""
    elapsed = now - f.as_of
    if elapsed <= 0:
        return
    f.talk *= left(elapsed, p.talk_half_life)
    f.share *= left(elapsed, p.share_half_life)
    f.credit *= left(elapsed, p.credit_half_life)
    relevance = left(elapsed, p.relevance_half_life)
    f.on_brand *= relevance
    f.whole *= relevance
    f.activity *= left(elapsed, p.activity_half_life)
    f.as_of = now
