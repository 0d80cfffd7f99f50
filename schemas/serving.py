"""The serving store in Redis: its lists, what is read of stored records, and the rows that the page is sent."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Raw, Struct, field

from schemas.outputs.fields import FlagSpec
from schemas.outputs.records import Evidence, StandingFlag

SEVERITY_STEP = 1e13  # above every epoch millisecond, so that severity sorts before time


class FanList(StrEnum):
    """A brand's sorted sets of fans: a member is a fan id, its score in the set the sort key named here."""

    TOP = "top"  # the fan's score
    AT_RISK = "at-risk"  # churn_risk; only fans whose lifecycle is at_risk
    CHURNED = "churned"  # when they churned, epoch ms; only the newest
    ANGRY = "angry"  # severity, then time: fans with an active negative flag


FlagCategories: TypeAlias = Mapping[tuple[str, str], str]


def flag_categories(specs: Iterable[FlagSpec]) -> FlagCategories:
    """Return the category of each kind and state that a flag declares one for.

    A category is one of a brand's lists of newest flags, by what they mean to a person. A transition without one is
    only in the list of all flags.

    >>> spec = FlagSpec(number=1, kind="k", states=("a", "b"), origins=(), reasons=(), transitions=(),
    ...                 categories=(("b", "listed"),))
    >>> flag_categories([spec])
    {('k', 'b'): 'listed'}
    """
    return {(spec.kind, state): category for spec in specs for state, category in spec.categories}


def category_names(categories: FlagCategories) -> list[str]:
    """Return each category once, in the order of the flags."""
    return list(dict.fromkeys(categories.values()))


class StoredScore(Struct, gc=False):
    """What an update needs of the stored score record: its version, its score, and the lists the fan was on."""

    seq: int
    score: float
    lifecycle: str
    flags: list[Raw]


class ActiveFlags(Struct, gc=False):
    """The active flags of a stored score record, nothing else of it."""

    flags: list[StandingFlag]


class FanRow(Struct, gc=False):
    """A fan as one row of a list; field names as in ``FanScore``."""

    fan_id: str
    score: float
    tier: str
    lifecycle: str
    churn_risk: float
    last_seen: int


class GainerRow(FanRow):
    """A fan and the points they gained since the beginning of the window."""

    gained: float = 0.0


class FlagRow(Struct, gc=False):
    """A flag as one row of a list; field names as in ``FanFlag``."""

    flag_id: str
    fan_id: str
    kind: str
    state: str
    before: str = field(name="from")
    reason: str
    severity: int
    evidence: Evidence
    as_of: int


class BrandRow(Struct, gc=False):
    """A brand and how many of its fans are known, at risk and angry."""

    brand_id: str
    fans: int
    at_risk: int
    angry: int


def angry_sort_key(severity: int, since: int) -> float:
    """Return the sort key of the angry list: the most severe first, the newest among equals; ``since`` in epoch ms.

    >>> angry_sort_key(3, 1_732_180_000_000) > angry_sort_key(2, 1_732_190_000_000)
    True
    >>> angry_sort_key(2, 1_732_190_000_000) > angry_sort_key(2, 1_732_180_000_000)
    True
    """
    return severity * SEVERITY_STEP + since
