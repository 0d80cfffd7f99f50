"""Negative sentiment: one very angry comment, or a mean that stays low; it clears when the mean is back at zero."""

import math
from typing import Annotated

from schemas.outputs.fields import FlagSpec, integer, number
from schemas.row import f4, i4, i8, u1
from streams.compiled import compiled
from streams.rules import tier
from streams.rules.rule import Count, Emitted, Event, Flag, Published, Rule, SentimentValue, Share
from streams.rules.tier import extra_severity
from streams.rules.transitions import emit

FLAG = 2
CLEARED, RAISED = 0, 1
BY_COMMENT, BY_MEAN = 0, 1  # reasons


class State(tier.State):
    """The running mean of a fan's comments, and the flag."""

    sentiment_mean: Annotated[f4, 22]
    sentiment_n: Annotated[i4, 23]
    is_negative: Annotated[u1, 24]
    negative_severity: Annotated[u1, 25]  # of the standing flag, 1..3
    negative_since: Annotated[i8, 26]


class Settings(tier.Settings, frozen=True):
    """When a fan counts as angry; sentiment is -1..1."""

    sentiment_step: Share = 0.3
    negative_mean: SentimentValue = -0.3
    negative_comments: Count = 3  # that a low mean must rest on
    negative_comment: SentimentValue = -0.6
    negative_clear: SentimentValue = 0.0


@compiled
def apply(f: State, e: Event, p: Settings) -> None:
    """Move the running mean by one comment."""
    if math.isnan(e.sentiment):
        return
    step = p.sentiment_step * (e.sentiment - f.sentiment_mean)
    f.sentiment_mean = e.sentiment if f.sentiment_n == 0 else f.sentiment_mean + step
    f.sentiment_n += 1


@compiled
def is_negative(was: bool, sentiment: float, mean: float, n: int, p: Settings) -> bool:
    """Return whether the flag stands after a comment; nan: no comment, and only comments move this flag."""
    if math.isnan(sentiment):
        return was
    if sentiment <= p.negative_comment or (n >= p.negative_comments and mean <= p.negative_mean):
        return True
    return bool(was and mean < p.negative_clear)


@compiled
def has_low_mean(f: State, p: Settings) -> bool:
    """Return whether the fan's comments are angry on the whole."""
    return bool(f.sentiment_n > 0 and f.sentiment_mean <= p.negative_mean)


@compiled
def judge(f: State, e: Event, p: Settings, out: Emitted) -> None:
    """Raise or clear the flag; an episode begins at the moment of its comment, and no two share one."""
    negative = int(is_negative(f.is_negative == RAISED, e.sentiment, f.sentiment_mean, f.sentiment_n, p))
    if negative == f.is_negative:
        return
    by_comment = negative and e.sentiment <= p.negative_comment
    if negative:
        f.negative_since = max(e.at, f.negative_since + 1)
        f.negative_severity = (2 if by_comment else 1) + extra_severity(f)
    reason = BY_COMMENT if by_comment else BY_MEAN
    emit(out, FLAG, (f.is_negative, negative), f.negative_since, (reason, f.negative_severity))
    f.is_negative = negative


@compiled
def _mean(f: State, p: Settings) -> float:
    return f.sentiment_mean


@compiled
def _n(f: State, p: Settings) -> int:
    return f.sentiment_n


@compiled
def _stands(f: State) -> bool:
    return f.is_negative > 0


@compiled
def _severity(f: State) -> int:
    return f.negative_severity


@compiled
def _since(f: State) -> int:
    return f.negative_since


RULE = Rule(
    "sentiment",
    State,
    Settings,
    apply=apply,
    judge=judge,
    ascending=(("negative_comment", "negative_mean"), ("negative_mean", "negative_clear")),
    flags=(
        Flag(
            FlagSpec(
                number=FLAG,
                kind="negative",
                states=("cleared", "raised"),
                origins=("cleared", "raised"),
                reasons=("comment", "mean"),
                transitions=(("raised", "comment"), ("raised", "mean"), ("cleared", "mean")),
                categories=(("raised", "angry"),),
                is_standing=True,
            ),
            stands=_stands,
            severity=_severity,
            since=_since,
        ),
    ),
    published=(
        Published(
            number("sentiment.mean", "Running mean of the fan's comments; -1 is angry, 1 is happy.", 3, minimum=-1),
            _mean,
        ),
        Published(integer("sentiment.n", "Number of comments in the mean."), _n),
    ),
)
