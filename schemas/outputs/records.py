"""The records of the output topics as our own readers decode them; unknown fields are ignored."""

from msgspec import Struct, field


class Parts(Struct, gc=False):
    """The parts of a score, 0..1 each."""

    talk: float
    share: float
    influence: float
    relevance: float
    authenticity: float


class SentimentView(Struct, gc=False):
    """The running mean of a fan's comments, -1..1, and how many there were."""

    mean: float
    n: int


class StandingFlag(Struct, gc=False):
    """A flag that stands; ``since`` in ms since the epoch."""

    flag_id: str
    kind: str
    severity: int
    since: int


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
    sentiment: SentimentView
    flags: list[StandingFlag]
    usual_gap_s: int
    counts: dict[str, int]
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
    """One record of fan-flags; ``(flag_id, state, seq)`` identifies a transition."""

    schema: int
    flag_id: str
    brand_id: str
    fan_id: str
    kind: str
    state: str
    before: str = field(name="from")
    reason: str
    severity: int
    evidence: Evidence
    score: float
    model_version: str
    as_of: int
    seq: int
