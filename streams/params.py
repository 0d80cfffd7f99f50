"""Every tunable number of a brand, with its unit; one struct is the file, the defaults, and the kernel's row."""

from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from schemas.events import Kind
from schemas.fan import Tier
from schemas.layout import Rows, dtype_of
from streams.records.jsontext import packed

DAY = 86_400_000  # milliseconds

Share = Annotated[float, Meta(ge=0, le=1), "<f8"]
Feeling = Annotated[float, Meta(ge=-1, le=1), "<f8"]
Positive = Annotated[float, Meta(gt=0), "<f8"]
Count = Annotated[int, Meta(ge=1, le=250), "<i4"]


class Vector(Struct, frozen=True):
    """Named numbers that the kernel reads by their place."""

    def __getitem__(self, place: int) -> float:
        number: float = getattr(self, self.__struct_fields__[place])
        return number


class Weights(Vector, frozen=True, forbid_unknown_fields=True):
    """What an act adds, in the order of ``Kind``; a purchase's amount does not matter."""

    like: float = 1.0
    unlike: float = -1.0
    repost: float = 5.0
    show: float = 8.0
    comment: float = 4.0
    review: float = 6.0
    mention: float = 2.0
    purchase: float = 10.0
    refund: float = -10.0
    credit: float = 1.0


class Drives(Vector, frozen=True, forbid_unknown_fields=True):
    """What each part is of the score, before relevance and authenticity; together at most 1."""

    talk: Share = 0.4
    share: Share = 0.3
    influence: Share = 0.3


class Bars(Vector, frozen=True, forbid_unknown_fields=True):
    """Scores at which a tier begins, or ends, in the order of ``Tier``."""

    passer_by: float = 0.0
    fan: float = 10.0
    active: float = 30.0
    core: float = 60.0


ASCENDING = (
    ("alive_churned", "alive_at_risk"),
    ("regular_cv", "human_cv"),
    ("shortest_silence", "longest_silence"),
    ("new_at_risk", "new_churned"),
    ("mood_shock", "mood_raise"),
    ("mood_raise", "mood_clear"),
)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Half-lives and spans in days, thresholds of scores in points."""

    version: Annotated[int, Meta(ge=1), "<i4"] = 1
    utc_offset_minutes: Annotated[int, Meta(ge=-720, le=840), "<i4"] = 480  # where the brand's day begins
    weight: Annotated[Weights, "<f8", len(Kind)] = Weights()
    talk_half_life: Positive = 14.0
    share_half_life: Positive = 30.0
    credit_half_life: Positive = 90.0
    relevance_half_life: Positive = 60.0
    activity_half_life: Positive = 60.0  # of what churn_risk reads
    half_way: Positive = 20.0  # the sum that gives half of a part
    part: Annotated[Drives, "<f8", 3] = Drives()
    daily_cap: Count = 20
    gaps_needed: Count = 20
    regular_cv: Positive = 0.35
    human_cv: Positive = 0.5
    authenticity: Share = 0.1  # of a suspect
    enter: Annotated[Bars, "<f8", len(Tier)] = Bars()
    leave: Annotated[Bars, "<f8", len(Tier)] = Bars(fan=8.0, active=24.0, core=48.0)
    core_relevance: Share = 0.5
    churn_r: Positive = 1.4
    churn_alpha: Positive = 5.0  # days
    churn_a: Positive = 0.9
    churn_b: Positive = 6.0
    alive_at_risk: Share = 0.5
    alive_churned: Share = 0.2
    shortest_silence: Positive = 3.0  # days; what the chance that he is alive says is held between these two
    longest_silence: Positive = 180.0
    new_at_risk: Positive = 30.0  # days of silence of a fan who has no rhythm yet
    new_churned: Positive = 60.0
    mood_step: Share = 0.3
    mood_raise: Feeling = -0.3
    mood_comments: Count = 3  # that a low mean must rest on
    mood_shock: Feeling = -0.6
    mood_clear: Feeling = 0.0

    def __post_init__(self) -> None:
        """Refuse what would contradict itself.

        Raises:
            ValueError: in one sentence; of a file, msgspec adds the place.
        """
        for low, high in ASCENDING:
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} must not be above {high}")
        for tier in Tier:
            if self.leave[tier] > self.enter[tier]:
                raise ValueError(f"leave.{tier.name.lower()} must not be above enter.{tier.name.lower()}")
        if sum(self.part[i] for i in range(3)) > 1.0 + 1e-9:
            raise ValueError("part: the shares of talk, share and influence must not be more than 1 together")


class Brand(Params, frozen=True, forbid_unknown_fields=True):
    """A brand of the parameter file; ``staff`` and own accounts are fan ids whose events never score."""

    staff: tuple[str, ...] = ()


PARAMS = dtype_of(Params)


def table(params: list[Params]) -> Rows:
    """Return one row per brand for the kernel.

    >>> float(table([Params()])[0].weight[Kind.COMMENT])
    4.0
    """
    assert PARAMS.names is not None
    return np.array([tuple(_cell(getattr(p, name)) for name in PARAMS.names) for p in params], PARAMS)


def _cell(value: float | Vector) -> object:
    return tuple(value[i] for i in range(len(value.__struct_fields__))) if isinstance(value, Vector) else value


class Brands:
    """The brands of the parameter file by number; 0 stands for every other, so that no key can make it grow."""

    def __init__(self, named: dict[str, Brand], others: Params) -> None:
        self.codes = {name: code for code, name in enumerate(named, 1)}
        self.rows = table([others, *named.values()])
        self.versions = packed([str(p.version) for p in (others, *named.values())])
        self.staff = frozenset(f"{name}:{fan}".encode() for name, brand in named.items() for fan in brand.staff)

    def code(self, name: str) -> int:
        """Return the brand's row in ``rows``."""
        return self.codes.get(name, 0)
