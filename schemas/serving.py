"""What the serving copy in Redis holds beside the records themselves, and the lines that the live page is sent."""

from enum import StrEnum

from msgspec import Raw, Struct, field

from schemas.outputs import Evidence, FlagKind, StandingFlag

SEVERITY_STEP = 1e13  # more than any moment in milliseconds, so that severity goes before time


class FanList(StrEnum):
    """A brand's sorted sets of fans; a member is a fan id, what it is sorted by stands beside each."""

    TOP = "top"  # score
    AT_RISK = "at-risk"  # churn_risk, only fans whose lifecycle is at_risk
    CHURNED = "churned"  # moment of leaving, the newest ones only
    ANGRY = "angry"  # severity, then moment: fans with a standing negative flag


class Shelf(StrEnum):
    """A brand's lists of newest flags by what they mean to a person; a member is ``flag_id:state``."""

    LEAVING = "leaving"  # silent beyond their rhythm: at_risk, churned
    ANGRY = "angry"
    BACK = "back"  # returned, or spoke again while at risk
    TIER = "tier"


class Stored(Struct, gc=False):
    """Of a stored score record: which is newer, how much it rose, and what lists the fan was on."""

    seq: int
    score: float
    lifecycle: str
    flags: list[Raw]


class Standing(Struct, gc=False):
    """Of a stored score record only its standing flags."""

    flags: list[StandingFlag]


class FanLine(Struct, gc=False):
    """A fan as one line of a list; field names as in ``FanScore``."""

    fan_id: str
    score: float
    tier: str
    lifecycle: str
    churn_risk: float
    last_seen: int


class FlagLine(Struct, gc=False):
    """A flag as one line of a list; field names as in ``FanFlag``."""

    flag_id: str
    fan_id: str
    kind: FlagKind
    state: str
    before: str = field(name="from")
    reason: str
    severity: int
    evidence: Evidence
    as_of: int


class BrandLine(Struct, gc=False):
    """A brand and how many of its fans are known, at risk and angry."""

    brand_id: str
    fans: int
    at_risk: int
    angry: int


def angry_rank(severity: int, since: int) -> float:
    """Return the place in the angry list: the most severe first, of those the newest.

    >>> angry_rank(3, 1_732_180_000_000) > angry_rank(2, 1_732_190_000_000) > angry_rank(2, 1_732_180_000_000)
    True
    """
    return severity * SEVERITY_STEP + since
