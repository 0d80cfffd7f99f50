"""What readers get: scores and flags, as JSON, in the order of their fields."""

from typing import Literal, TypeAlias

from msgspec import Struct, field

FlagKind: TypeAlias = Literal["churn", "negative", "tier"]


class Parts(Struct, gc=False):
    """The parts of a score, 0..1 each."""

    talk: float
    share: float
    influence: float
    relevance: float
    authenticity: float


class Sentiment(Struct, gc=False):
    """The running mean of a fan's comments, -1..1, and how many there were."""

    mean: float
    n: int


class StandingFlag(Struct, gc=False):
    """A flag that stands; ``since`` in ms since the epoch."""

    flag_id: str
    kind: FlagKind
    severity: int
    since: int


class Counts(Struct, gc=False, omit_defaults=True):
    """Applied events by type, in the order of ``schemas.events.Kind``; zeros are left out."""

    like: int = 0
    unlike: int = 0
    repost: int = 0
    show: int = 0
    comment: int = 0
    review: int = 0
    mention: int = 0
    purchase: int = 0
    refund: int = 0


class FanScore(Struct, gc=False):
    """One record of fan-scores: the whole current view of a fan. A reader drops what has no newer ``seq``."""

    schema: int
    brand_id: str
    fan_id: str
    score: float
    parts: Parts
    tier: str
    lifecycle: str
    churn_risk: float
    sentiment: Sentiment
    flags: list[StandingFlag]
    usual_gap_s: int
    counts: Counts
    first_seen: int
    last_seen: int
    model_version: str
    as_of: int
    seq: int


class Evidence(Struct, gc=False):
    """Why a flag turned."""

    usual_gap_s: int
    silent_for_s: int
    event_id: str | None = None
    post_id: str | None = None


class FanFlag(Struct, gc=False):
    """One record of fan-flags; ``(flag_id, state)`` identifies a transition."""

    schema: int
    flag_id: str
    brand_id: str
    fan_id: str
    kind: FlagKind
    state: str
    before: str = field(name="from")
    reason: str
    severity: int
    evidence: Evidence
    score: float
    model_version: str
    as_of: int
    seq: int


class Tick(Struct, gc=False):
    """One record of the ticks topic: the time, in ms since the epoch."""

    now: int
