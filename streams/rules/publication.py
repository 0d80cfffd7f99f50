"""When readers get a score again: by what has moved since the last record, and by decay once a day."""

import math
from typing import Annotated

from schemas.row import f4, i4, i8
from streams.compiled import compiled
from streams.rules import churn
from streams.rules.churn import churn_risk
from streams.rules.rule import DAY, NEVER, NoSettings, Rule
from streams.rules.score import score_at

POINTS = 1.0  # of the score that are published at once
RISK_STEP = 0.05  # of the churn risk that is published at once, or a list sorted by it would go stale


class State(churn.State):
    """What readers have."""

    published_score: Annotated[f4, 33]
    published_seq: Annotated[i4, 34]
    published_at: Annotated[i8, 35]  # ``as_of`` of the record that readers have


Settings = churn.Settings


@compiled
def risk_rises_at(f: State, p: Settings) -> int:
    """Return the moment at which decay alone raises the risk by ``RISK_STEP`` since ``as_of``, in closed form."""
    target = churn_risk(f.activity) + RISK_STEP
    if target >= 1.0:
        return NEVER
    return f.as_of + int(p.activity_half_life * DAY * math.log2(f.activity / (1.0 / target - 1.0)))


@compiled
def next_timer(f: State, p: Settings) -> int:
    """Return when decay may next be worth a record: a day after the last."""
    tomorrow = f.published_at + DAY
    return tomorrow if f.score >= POINTS else max(tomorrow, risk_rises_at(f, p))


@compiled
def is_due(f: State, now: int, p: Settings) -> bool:
    """Return whether decay has moved the score by a point, or the risk by a step, a day after the last record."""
    if now - f.published_at < DAY:
        return False
    return bool(f.published_score - score_at(f, now, p) >= POINTS or now >= risk_rises_at(f, p))


@compiled
def has_moved(f: State) -> bool:
    """Return whether the score is so far from what readers have that they get it at once."""
    return bool(abs(f.score - f.published_score) >= POINTS or f.published_seq == 0)


@compiled
def mark_published(f: State) -> None:
    """Note that readers are about to get what the row says now."""
    f.published_score, f.published_seq, f.published_at = f.score, f.seq, f.as_of


RULE = Rule("publication", State, NoSettings, next_timer=next_timer, is_due=is_due)
