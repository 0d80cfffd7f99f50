"""What a rule is: one file with its row fields, parameters, compiled functions, flag and published fields."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Any, NamedTuple, TypeAlias

from msgspec import Meta, Struct

from schemas.outputs.fields import FlagSpec, PublishedField
from schemas.row import Ints, Rows, dtype_of, f8, i4, i8, u1

DAY = 86_400_000  # milliseconds
NEVER = 1 << 62  # a moment that does not come

Share = Annotated[float, Meta(ge=0, le=1), "<f8"]
SentimentValue = Annotated[float, Meta(ge=-1, le=1), "<f8"]
Positive = Annotated[float, Meta(gt=0), "<f8"]
Count = Annotated[int, Meta(ge=1, le=250), "<i4"]

Row: TypeAlias = Any  # a numpy record: its fields have no static type
Value: TypeAlias = Any  # a number that a kernel returns
Kernel: TypeAlias = Callable[..., Value]


class Fan:
    """The row fields that belong to no rule. Moments are epoch milliseconds, days count from 1970.

    A row of zeros behind ``layout`` is a fan never seen. Every field is commutative over topics (sum, max, bitmap) or
    fed by one topic alone.
    """

    layout: Annotated[u1, 0]  # first, so that a changelog value begins with its version
    as_of: Annotated[i8, 1]  # the moment that all sums are decayed to
    seq: Annotated[i4, 2]  # recorded changes


class Outcome(IntEnum):
    """What became of an event; label of ``fanpulse_events_total``."""

    APPLIED = 0
    REPLAYED = 1
    DUPLICATE = 2
    LATE = 3  # applied, an hour or more after the fan's newest
    IGNORED = 4  # of the brand's staff


class Event:
    """One event as the rules see it; ``outcome`` and what follows it are written by the fold.

    Only i8 and f8: numba compiles a rule once for every mix of types it is called with.
    """

    at: i8  # ms
    row: i8
    sentiment: f8  # nan: none
    kind: i8  # number of the kind; TIME: time passes
    rhythm: i8  # place among the inputs whose gaps are watched, -1: none
    is_incentivized: i8
    emits_attribution: i8  # in: another fan's post was shared; out: and that fan gets influence
    outcome: i8
    code: i8  # the brand's row in the parameters
    part: i8  # of the score
    weight: f8
    day: i8  # the brand's calendar day of ``at``
    is_capped: i8  # beyond the daily cap: it counts and weighs nothing
    reached_cap: i8  # the act with which the day's cap is full


TIME = -1  # kind of the event that stands for time passing


class Transition:
    """One transition of a flag, in the order in which it happened."""

    row: i4
    event: i4  # place in the batch, -1: time
    at: i8
    since: i8  # start of the episode that begins or ends
    score: f8
    seq: i4
    usual_gap_s: i8
    silent_for_s: i8
    flag: u1  # number of its specification
    before: u1
    after: u1
    reason: u1
    severity: u1


MAX_EMITTED = 8  # transitions that one event may cause: one per flag


class Emitted:
    """Where rules write the transitions of one event; see ``streams.rules.transitions``.

    A record, not arrays: numba counts references to each array that it passes to a function, 180 ns an event here.
    """

    n: i8
    flag: Annotated[Ints, "<u1", (MAX_EMITTED,)]
    before: Annotated[Ints, "<u1", (MAX_EMITTED,)]
    after: Annotated[Ints, "<u1", (MAX_EMITTED,)]
    reason: Annotated[Ints, "<u1", (MAX_EMITTED,)]
    severity: Annotated[Ints, "<u1", (MAX_EMITTED,)]
    since: Annotated[Ints, "<i8", (MAX_EMITTED,)]


EVENT, TRANSITION, EMITTED = dtype_of(Event), dtype_of(Transition), dtype_of(Emitted)


class Transitions(NamedTuple):
    """Where the fold collects transitions: ``rows`` needs room for one per flag and event.

    ``n`` is int64[1], ``emitted`` one record to work with.
    """

    rows: Rows
    n: Ints
    emitted: Rows


@dataclass(frozen=True)
class Published:
    """A published field, and the kernel ``(fan, params) -> value`` that computes it."""

    field: PublishedField
    value: Kernel


@dataclass(frozen=True)
class Flag:
    """A flag, and for one that stands in fan-scores the kernels that say so: ``(fan) -> bool``, ``int``, ``int``."""

    spec: FlagSpec
    stands: Kernel | None = None
    severity: Kernel | None = None
    since: Kernel | None = None  # ms


@dataclass(frozen=True)
class Gauge:
    """A closed set that fans are counted by: its name as a label, its values, and the kernel ``(fan) -> number``."""

    name: str
    values: tuple[str, ...]
    value: Kernel


@dataclass(frozen=True)
class Rule:
    """One rule. Kernels are optional; a model calls those of its rules in the order of its list.

    Args:
        name: of the rule, unique.
        state: class with the rule's own numbered row fields.
        settings: struct with the rule's own parameters.
        decay: ``(fan, elapsed_ms, params)``: let sums fade.
        apply: ``(fan, event, params)``: take in an act of the fan.
        apply_by_others: ``(fan, event, params)``: take in what others did.
        judge: ``(fan, event, params, emitted)``: draw conclusions at ``fan.as_of``; emit transitions.
        next_timer: ``(fan, params) -> ms``: when time alone may next change the row; past moments are allowed.
        is_due: ``(fan, now, params) -> bool``: whether time changes the row at ``now``.
        ascending: pairs of parameters of which the first must not be above the second.
        check: raises ValueError in one sentence where parameters contradict each other.
        flags, published, gauges: what people see of the rule.
    """

    name: str
    state: type
    settings: type[Struct]
    decay: Kernel | None = None
    apply: Kernel | None = None
    apply_by_others: Kernel | None = None
    judge: Kernel | None = None
    next_timer: Kernel | None = None
    is_due: Kernel | None = None
    ascending: tuple[tuple[str, str], ...] = ()
    check: Callable[[Struct], None] | None = None
    flags: tuple[Flag, ...] = ()
    published: tuple[Published, ...] = field(default=())
    gauges: tuple[Gauge, ...] = ()


class NoSettings(Struct, frozen=True):
    """Parameters of a rule that has none."""
