"""Leaving: silence against a fan's own rhythm, as a deadline in closed form (MBG/NBD, Batislam et al. 2007)."""

import math

from schemas.fan import Fan, Life
from streams.columns import Reason
from streams.compiled import compiled
from streams.params import DAY, Params
from streams.rules.days import bits_set, local_day
from streams.rules.decay import left
from streams.rules.score import relevance

NEVER = 1 << 62
RISE = 0.05  # of the risk that readers are told of, or a list sorted by it would go stale
BACK_DAYS, BACK_WITHIN = 3, 30  # the act that brought him back and 2 more active days, within 30 days


@compiled
def came(f: Fan, at: int, p: Params) -> None:
    """Add an act, whatever its weight, to the fading activity that ``risk`` reads."""
    f.activity += left(f.as_of - at, p.activity_half_life)


@compiled
def risk(activity: float) -> float:
    """Return the published churn risk, 0..1: what a list is sorted by.

    >>> risk(3.0)
    0.25
    """
    return 1.0 / (1.0 + max(activity, 0.0))


@compiled
def risk_rises(f: Fan, p: Params) -> int:
    """Return the moment at which decay alone will have raised the risk by ``RISE`` since ``as_of``, in closed form."""
    target = risk(f.activity) + RISE
    if target >= 1.0:
        return NEVER
    return f.as_of + int(p.activity_half_life * DAY * math.log2(f.activity / (1.0 / target - 1.0)))


@compiled
def silence(repeats: int, span: float, alive: float, p: Params) -> float:
    """Return after how many days of silence P(alive) falls to ``alive``, within the brand's bounds.

    ``repeats`` counts active days after the first, ``span`` the days from the first act to the last.

    >>> from streams.params import table
    >>> p = table([Params()])[0]
    >>> round(float(silence(20, 40.0, 0.5, p)), 1), float(silence(1, 9.0, 0.5, p))
    (7.7, 30.0)
    """
    if repeats < 2:
        return p.new_at_risk if alive >= p.alive_at_risk else p.new_churned
    odds = (1.0 / alive - 1.0) * (p.churn_b + repeats) / p.churn_a
    days = (p.churn_alpha + span) * (math.pow(odds, 1.0 / (p.churn_r + repeats)) - 1.0)
    return min(p.longest_silence, max(p.shortest_silence, days))


@compiled
def limit(f: Fan, alive: float, p: Params) -> int:
    """Return the moment at which the fan's silence has lasted too long."""
    span = (f.last_seen - f.first_seen) / DAY
    return f.last_seen + int(silence(f.n_days - 1, span, alive, p) * DAY)


@compiled
def gone(f: Fan, p: Params) -> int:
    """Return the moment at which a fan at risk counts as churned: earlier for an angry one."""
    angry = f.mood_n > 0 and f.mood <= p.mood_raise
    return limit(f, p.alive_at_risk if angry else p.alive_churned, p)


@compiled
def is_back(f: Fan, p: Params) -> bool:
    """Return whether a fan who returned has come on enough of the last days to be active again.

    Days count from the deadline that was missed: whoever churned did not come between it and the return.
    """
    since = f.newest_day - local_day(f.churn_from, p)
    recent = (1 << min(max(since, 0), BACK_WITHIN) + 1) - 1
    return bits_set(int(f.active_days) & recent) >= BACK_DAYS


@compiled
def life_at(f: Fan, now: int, p: Params) -> int:
    """Return the state that the fan should have at ``now``; churned is reached through at_risk only."""
    if f.n_days == 0:  # known by credits alone
        return Life.NEW
    if f.life == Life.CHURNED:
        return Life.RETURNED if f.last_seen > f.life_since else Life.CHURNED
    if not f.suspect and now >= limit(f, p.alive_at_risk, p):
        return Life.CHURNED if f.life == Life.AT_RISK and now >= gone(f, p) else Life.AT_RISK
    if f.life == Life.RETURNED and not is_back(f, p):
        return Life.RETURNED
    return Life.ACTIVE if f.n_days >= 2 else Life.NEW


@compiled
def next_flip(f: Fan, p: Params) -> int:
    """Return the next moment at which time alone can change the fan's state; no two flips within a day."""
    if f.n_days == 0:
        return NEVER
    guard = f.life_since + DAY if f.life_since > 0 else 0
    if f.life == Life.CHURNED:
        return guard if f.last_seen > f.life_since else NEVER
    if f.suspect:
        return guard if f.life == Life.AT_RISK else NEVER
    deadline = limit(f, p.alive_at_risk, p)
    if f.life != Life.AT_RISK:
        return max(guard, deadline)
    return max(guard, gone(f, p)) if f.as_of >= deadline else guard


@compiled
def why(f: Fan, p: Params) -> int:
    """Return the reason of a churn flag: the first that holds."""
    if f.mood_n > 0 and f.mood <= p.mood_raise:
        return Reason.NEGATIVE
    if not f.is_organic and relevance(f.on_brand, f.whole) < 0.5:
        return Reason.CAMPAIGN_ONLY
    return Reason.SILENCE


@compiled
def usual_gap(f: Fan) -> int:
    """Return the fan's mean gap between active days in seconds; 0 while there is only one."""
    return (f.last_seen - f.first_seen) // 1000 // (f.n_days - 1) if f.n_days > 1 else 0
