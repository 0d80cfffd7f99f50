"""Leaving: silence against a fan's own rhythm, as a deadline in closed form (MBG/NBD, Batislam et al. 2007)."""

import math
from enum import IntEnum
from typing import Annotated

from schemas.outputs.fields import FlagSpec, number, text
from schemas.row import f8, i8, u1
from streams.compiled import compiled
from streams.rules import sentiment
from streams.rules.days import bits_set, local_day
from streams.rules.decay import decay_factor
from streams.rules.rule import DAY, NEVER, Emitted, Event, Flag, Gauge, Positive, Published, Rule, Share
from streams.rules.score import relevance
from streams.rules.sentiment import has_low_mean
from streams.rules.tier import extra_severity
from streams.rules.transitions import emit


class Lifecycle(IntEnum):
    """Where a fan is between the first act and the last."""

    NEW = 0
    ACTIVE = 1
    AT_RISK = 2
    CHURNED = 3
    RETURNED = 4


LIFECYCLES = tuple(state.name.lower() for state in Lifecycle)
STATES = ("cleared", "cleared", "at_risk", "churned", "returned")  # published, in the order of ``Lifecycle``
FLAG = 1
BY_SILENCE, BY_NEGATIVE, BY_CAMPAIGN_ONLY, BY_ACT = 0, 1, 2, 3  # reasons
REASONS = ("silence", "negative", "campaign_only", "act")
BACK_DAYS, BACK_WITHIN = 3, 30  # the act that brought a fan back and 2 more active days, within 30 days
CAMPAIGN_RELEVANCE = 0.5  # below it a fan who never came without a prize is here for the campaign only


class State(sentiment.State):
    """Activity, and the state of the lifecycle."""

    activity: Annotated[f8, 27]  # decayed number of acts, whatever their weight
    lifecycle: Annotated[u1, 28]
    lifecycle_since: Annotated[i8, 29]
    churn_severity: Annotated[u1, 30]
    churn_since: Annotated[i8, 31]  # the deadline that opened the present churn episode
    is_organic: Annotated[u1, 32]  # came at least once without a prize


class Settings(sentiment.Settings, frozen=True):
    """MBG/NBD and bounds, in days."""

    activity_half_life: Positive = 60.0
    churn_r: Positive = 1.4
    churn_alpha: Positive = 5.0
    churn_a: Positive = 0.9
    churn_b: Positive = 6.0
    alive_at_risk: Share = 0.5
    alive_churned: Share = 0.2
    shortest_silence: Positive = 3.0  # bounds of the silence that P(alive) allows
    longest_silence: Positive = 180.0
    new_at_risk: Positive = 30.0  # days of silence of a fan who has no rhythm yet
    new_churned: Positive = 60.0


@compiled
def decay(f: State, elapsed: int, p: Settings) -> None:
    """Let activity fade by ``elapsed`` ms."""
    f.activity *= decay_factor(elapsed, p.activity_half_life)


@compiled
def apply(f: State, e: Event, p: Settings) -> None:
    """Take in an act."""
    f.activity += decay_factor(f.as_of - e.at, p.activity_half_life)
    if not e.is_incentivized:
        f.is_organic = 1


@compiled
def churn_risk(activity: float) -> float:
    """Return the published churn risk, 0..1.

    >>> churn_risk(3.0)
    0.25
    """
    return 1.0 / (1.0 + max(activity, 0.0))


@compiled
def allowed_silence(repeats: int, span: float, alive: float, p: Settings) -> float:
    """Return after how many days of silence P(alive) falls to ``alive``, within the brand's bounds.

    ``repeats`` counts active days after the first, ``span`` the days from the first act to the last.

    >>> from streams.fans.params import default_row
    >>> round(float(allowed_silence(20, 40.0, 0.5, default_row())), 1)
    7.7
    """
    if repeats < 2:
        return p.new_at_risk if alive >= p.alive_at_risk else p.new_churned
    odds = (1.0 / alive - 1.0) * (p.churn_b + repeats) / p.churn_a
    days = (p.churn_alpha + span) * (math.pow(odds, 1.0 / (p.churn_r + repeats)) - 1.0)
    return min(p.longest_silence, max(p.shortest_silence, days))


@compiled
def deadline(f: State, alive: float, p: Settings) -> int:
    """Return the moment at which the fan's silence has lasted too long."""
    span = (f.last_seen - f.first_seen) / DAY
    return f.last_seen + int(allowed_silence(f.n_days - 1, span, alive, p) * DAY)


@compiled
def at_risk_at(f: State, p: Settings) -> int:
    """Return the moment at which a silent fan counts as at risk."""
    return deadline(f, p.alive_at_risk, p)


@compiled
def churned_at(f: State, p: Settings) -> int:
    """Return the moment at which a fan at risk counts as churned: earlier for an angry one."""
    return deadline(f, p.alive_at_risk if has_low_mean(f, p) else p.alive_churned, p)


@compiled
def is_back(f: State, p: Settings) -> bool:
    """Return whether a fan who returned was active on enough of the last days.

    Days count from the deadline that was missed: whoever churned did not come between it and the return.
    """
    since = f.newest_day - local_day(f.churn_since, p)
    recent = (1 << min(max(since, 0), BACK_WITHIN) + 1) - 1
    return bits_set(int(f.active_days) & recent) >= BACK_DAYS


@compiled
def lifecycle_at(f: State, now: int, p: Settings) -> int:
    """Return the state that the fan should have at ``now``; churned is reached through at_risk only."""
    if f.n_days == 0:  # known by attribution alone
        return Lifecycle.NEW
    if f.lifecycle == Lifecycle.CHURNED:
        return Lifecycle.RETURNED if f.last_seen > f.lifecycle_since else Lifecycle.CHURNED
    if not f.suspect and now >= at_risk_at(f, p):
        return Lifecycle.CHURNED if f.lifecycle == Lifecycle.AT_RISK and now >= churned_at(f, p) else Lifecycle.AT_RISK
    if f.lifecycle == Lifecycle.RETURNED and not is_back(f, p):
        return Lifecycle.RETURNED
    return Lifecycle.ACTIVE if f.n_days >= 2 else Lifecycle.NEW


@compiled
def next_transition_at(f: State, p: Settings) -> int:
    """Return the next moment at which time alone can change the state; no two transitions within a day."""
    if f.n_days == 0:
        return NEVER
    guard = f.lifecycle_since + DAY if f.lifecycle_since > 0 else 0
    if f.lifecycle == Lifecycle.CHURNED:
        return guard if f.last_seen > f.lifecycle_since else NEVER
    if f.suspect:
        return guard if f.lifecycle == Lifecycle.AT_RISK else NEVER
    silent_too_long = at_risk_at(f, p)
    if f.lifecycle != Lifecycle.AT_RISK:
        return max(guard, silent_too_long)
    return max(guard, churned_at(f, p)) if f.as_of >= silent_too_long else guard


@compiled
def is_due(f: State, now: int, p: Settings) -> bool:
    """Return whether time changes the state at ``now``."""
    return bool(next_transition_at(f, p) <= now and lifecycle_at(f, now, p) != f.lifecycle)


@compiled
def churn_reason(f: State, p: Settings) -> int:
    """Return the reason of a churn flag: the first that holds."""
    if has_low_mean(f, p):
        return BY_NEGATIVE
    if not f.is_organic and relevance(f.organic_weight, f.total_weight) < CAMPAIGN_RELEVANCE:
        return BY_CAMPAIGN_ONLY
    return BY_SILENCE


@compiled
def judge(f: State, e: Event, p: Settings, out: Emitted) -> None:
    """Move the fan to the state of ``as_of``, unless the last transition is not a day old."""
    state = lifecycle_at(f, f.as_of, p)
    if state == f.lifecycle or (f.lifecycle_since != 0 and f.as_of - f.lifecycle_since < DAY):
        return
    if f.lifecycle == Lifecycle.NEW and state == Lifecycle.ACTIVE:  # the second active day is no news
        f.lifecycle = state
        return
    reason, severity = BY_ACT, 1
    if state == Lifecycle.AT_RISK:
        f.churn_since = at_risk_at(f, p)
    if state in (Lifecycle.AT_RISK, Lifecycle.CHURNED):
        f.churn_severity = (1 if state == Lifecycle.AT_RISK else 2) + extra_severity(f)
        reason, severity = churn_reason(f, p), f.churn_severity
    emit(out, FLAG, (f.lifecycle, state), f.churn_since, (reason, severity))
    f.lifecycle, f.lifecycle_since = state, f.as_of


@compiled
def _lifecycle(f: State, p: Settings) -> int:
    return f.lifecycle


@compiled
def _churn_risk(f: State, p: Settings) -> float:
    return churn_risk(f.activity)


@compiled
def _lifecycle_of(f: State) -> int:
    return f.lifecycle


@compiled
def _stands(f: State) -> bool:
    return f.lifecycle == Lifecycle.AT_RISK or f.lifecycle == Lifecycle.CHURNED  # noqa: PLR1714  numba has no sets of enums


@compiled
def _severity(f: State) -> int:
    return f.churn_severity


@compiled
def _since(f: State) -> int:
    return f.churn_since


LEAVING = ("silence", "negative", "campaign_only")

RULE = Rule(
    "churn",
    State,
    Settings,
    decay=decay,
    apply=apply,
    judge=judge,
    next_timer=next_transition_at,
    is_due=is_due,
    ascending=(
        ("alive_churned", "alive_at_risk"),
        ("shortest_silence", "longest_silence"),
        ("new_at_risk", "new_churned"),
    ),
    flags=(
        Flag(
            FlagSpec(
                number=FLAG,
                kind="churn",
                states=STATES,
                origins=LIFECYCLES,
                reasons=REASONS,
                transitions=(
                    *((state, reason) for state in ("at_risk", "churned") for reason in LEAVING),
                    ("returned", "act"),
                    ("cleared", "act"),
                ),
                categories=(("at_risk", "leaving"), ("churned", "leaving"), ("returned", "back"), ("cleared", "back")),
                is_standing=True,
            ),
            stands=_stands,
            severity=_severity,
            since=_since,
        ),
    ),
    published=(
        Published(text("lifecycle", "The fan's state between the first act and the last.", LIFECYCLES), _lifecycle),
        Published(
            number(
                "churn_risk",
                "Risk of leaving: 1 / (1 + recent acts). Lists of fans at risk are sorted by it.",
                decimals=4,
            ),
            _churn_risk,
        ),
    ),
    gauges=(Gauge("lifecycle", LIFECYCLES, _lifecycle_of),),
)
