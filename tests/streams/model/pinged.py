"""A test-only rule: row fields, a parameter, a flag and a published field, in one file as any new rule would be."""

from typing import Annotated

from schemas.outputs.fields import FlagSpec, integer
from schemas.row import i4, i8, u1
from streams.compiled import compiled
from streams.rules import churn
from streams.rules.rule import Count, Emitted, Event, Flag, Gauge, Published, Rule
from streams.rules.transitions import emit

FLAG = 200
QUIET, PINGED = 0, 1
PING, ECHO = 200, 201  # numbers of the kinds


class State(churn.State):
    """Pings since the last echo."""

    pings: Annotated[i4, 210]
    is_pinged: Annotated[u1, 211]
    pinged_since: Annotated[i8, 212]


class Settings(churn.Settings, frozen=True):
    """When a fan counts as pinged."""

    pings_needed: Count = 3


@compiled
def apply(f: State, e: Event, p: Settings) -> None:
    """Count a ping; an echo begins again."""
    if e.kind == PING:
        f.pings += 1
    elif e.kind == ECHO:
        f.pings = 0


@compiled
def judge(f: State, e: Event, p: Settings, out: Emitted) -> None:
    """Raise the flag with enough pings, clear it with an echo."""
    pinged = PINGED if f.pings >= p.pings_needed else QUIET
    if pinged == f.is_pinged:
        return
    if pinged:
        f.pinged_since = e.at
    emit(out, FLAG, (f.is_pinged, pinged), f.pinged_since, (0, 2))
    f.is_pinged = pinged


@compiled
def _pings(f: State, p: Settings) -> int:
    return f.pings


@compiled
def _stands(f: State) -> bool:
    return f.is_pinged == PINGED


@compiled
def _severity(f: State) -> int:
    return 2


@compiled
def _since(f: State) -> int:
    return f.pinged_since


@compiled
def _is_pinged(f: State) -> int:
    return f.is_pinged


RULE = Rule(
    "pinged",
    State,
    Settings,
    apply=apply,
    judge=judge,
    flags=(
        Flag(
            FlagSpec(
                number=FLAG,
                kind="test-pinged",
                states=("quiet", "pinged"),
                origins=("quiet", "pinged"),
                reasons=("pings",),
                transitions=(("pinged", "pings"), ("quiet", "pings")),
                categories=(("pinged", "test-list"),),
                is_standing=True,
            ),
            stands=_stands,
            severity=_severity,
            since=_since,
        ),
    ),
    published=(Published(integer("test.pings", "Pings since the last echo."), _pings),),
    gauges=(Gauge("pinged", ("quiet", "pinged"), _is_pinged),),
)
