"""The score: talk, share and influence, times relevance, times authenticity."""

import math

from schemas.events import Kind
from schemas.fan import Fan
from streams.compiled import compiled
from streams.params import Params
from streams.rules.decay import left


@compiled
def add(f: Fan, kind: int, at: int, is_incentivized: int, p: Params) -> None:
    """Add an act to the sums; one older than ``as_of`` is faded first."""
    late, w = f.as_of - at, p.weight[kind]
    if kind == Kind.CREDIT:
        f.credit += w * left(late, p.credit_half_life)
        return
    if kind in (Kind.REPOST, Kind.SHOW):
        f.share += w * left(late, p.share_half_life)
    else:
        f.talk += w * left(late, p.talk_half_life)
    w *= left(late, p.relevance_half_life)
    f.whole += w
    if not is_incentivized:
        f.on_brand += w


@compiled
def filled(total: float, half_way: float) -> float:
    """Return how much of a part a sum fills, 0..1.

    >>> filled(20.0, half_way=20.0)
    0.5
    """
    return 1.0 - math.exp2(-max(total, 0.0) / half_way)


@compiled
def reach(credit: float) -> float:
    """Return the influence part, 0..1, from the faded number of reposts.

    >>> reach(9.0)
    0.25
    """
    return min(1.0, math.log10(1.0 + max(credit, 0.0)) / 4.0)


@compiled
def relevance(on_brand: float, whole: float) -> float:
    """Return the share of acts that were not paid with a prize, doubled and cut to 0..1.

    >>> relevance(0.0, 30.0)
    0.25
    """
    return min(1.0, 2.0 * (max(on_brand, 0.0) + 5.0) / (max(whole, 0.0) + 10.0))


@compiled
def score(f: Fan, p: Params, now: int) -> float:
    """Return the score at ``now``, which is not before ``as_of``, 0..100."""
    elapsed = now - f.as_of
    talk = filled(f.talk * left(elapsed, p.talk_half_life), p.half_way)
    share = filled(f.share * left(elapsed, p.share_half_life), p.half_way)
    influence = reach(f.credit * left(elapsed, p.credit_half_life))
    parts = p.part[0] * talk + p.part[1] * share + p.part[2] * influence
    kept = left(elapsed, p.relevance_half_life)
    trust = p.authenticity if f.suspect else 1.0
    return 100.0 * trust * relevance(f.on_brand * kept, f.whole * kept) * parts
