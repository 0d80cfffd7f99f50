"""The score: talk, share and influence, times relevance, times authenticity."""

import math
from typing import Annotated

from msgspec import Struct

from schemas.inputs.declaration import Part
from schemas.outputs.fields import number
from schemas.row import f4, f8
from streams.compiled import compiled
from streams.rules import authenticity
from streams.rules.decay import decay_factor
from streams.rules.rule import Emitted, Event, Positive, Published, Rule, Share

PRIOR_ORGANIC, PRIOR_TOTAL = 5.0, 10.0  # weight that relevance starts from
DECADES = 4.0  # of reposts by others that fill influence


class State(authenticity.State):
    """The sums, decayed to ``as_of``, and the score at that moment."""

    talk: Annotated[f8, 8]
    share: Annotated[f8, 9]
    influence: Annotated[f8, 10]
    organic_weight: Annotated[f8, 11]
    total_weight: Annotated[f8, 12]
    score: Annotated[f4, 13]


class Vector(Struct, frozen=True):
    """Named numbers that kernels read by their place."""

    def __getitem__(self, place: int) -> float:
        value: float = getattr(self, self.__struct_fields__[place])
        return value


class PartWeights(Vector, frozen=True, forbid_unknown_fields=True):
    """What each part is of the score, before relevance and authenticity; together at most 1."""

    talk: Share = 0.4
    share: Share = 0.3
    influence: Share = 0.3


class Settings(authenticity.Settings, frozen=True):
    """Half-lives in days."""

    talk_half_life: Positive = 14.0
    share_half_life: Positive = 30.0
    influence_half_life: Positive = 90.0
    relevance_half_life: Positive = 60.0
    half_saturation: Positive = 20.0  # the sum that gives half of a part
    part_weight: Annotated[PartWeights, "<f8", (3,)] = PartWeights()


@compiled
def decay(f: State, elapsed: int, p: Settings) -> None:
    """Let the sums fade by ``elapsed`` ms."""
    f.talk *= decay_factor(elapsed, p.talk_half_life)
    f.share *= decay_factor(elapsed, p.share_half_life)
    f.influence *= decay_factor(elapsed, p.influence_half_life)
    relevance = decay_factor(elapsed, p.relevance_half_life)
    f.organic_weight *= relevance
    f.total_weight *= relevance


@compiled
def apply(f: State, e: Event, p: Settings) -> None:
    """Add an act to its part and to relevance; one older than ``as_of`` has decayed by then."""
    if e.is_capped:
        return
    late = f.as_of - e.at
    if e.part == Part.SHARE:
        f.share += e.weight * decay_factor(late, p.share_half_life)
    elif e.part == Part.TALK:
        f.talk += e.weight * decay_factor(late, p.talk_half_life)
    weight = e.weight * decay_factor(late, p.relevance_half_life)
    f.total_weight += weight
    if not e.is_incentivized:
        f.organic_weight += weight


@compiled
def apply_by_others(f: State, e: Event, p: Settings) -> None:
    """Add influence that another fan's repost gives."""
    if e.part == Part.INFLUENCE:
        f.influence += e.weight * decay_factor(f.as_of - e.at, p.influence_half_life)


@compiled
def saturation(total: float, half_saturation: float) -> float:
    """Return how much of a part a sum fills, 0..1.

    >>> saturation(20.0, half_saturation=20.0)
    0.5
    """
    return 1.0 - math.exp2(-max(total, 0.0) / half_saturation)


@compiled
def log_reach(influence: float) -> float:
    """Return the influence part, 0..1, from the decayed number of reposts by others.

    >>> log_reach(9.0)
    0.25
    """
    return min(1.0, math.log10(1.0 + max(influence, 0.0)) / DECADES)


@compiled
def relevance(organic_weight: float, total_weight: float) -> float:
    """Return the share of acts that were not paid with a prize, doubled and cut to 0..1.

    >>> relevance(0.0, 30.0)
    0.25
    """
    return min(1.0, 2.0 * (max(organic_weight, 0.0) + PRIOR_ORGANIC) / (max(total_weight, 0.0) + PRIOR_TOTAL))


@compiled
def score_of(sums: tuple[float, float, float, float, float], f: State, p: Settings) -> float:
    """Return the score, 0..100, for sums of talk, share, influence, organic weight and total weight."""
    talk, share, influence, organic, total = sums
    parts = p.part_weight[0] * saturation(talk, p.half_saturation)
    parts += p.part_weight[1] * saturation(share, p.half_saturation)
    parts += p.part_weight[2] * log_reach(influence)
    return 100.0 * authenticity.authenticity_of(f, p) * relevance(organic, total) * parts


@compiled
def score_at(f: State, now: int, p: Settings) -> float:
    """Return the score at ``now``, which is not before ``as_of``, 0..100."""
    elapsed = now - f.as_of
    talk = f.talk * decay_factor(elapsed, p.talk_half_life)
    share = f.share * decay_factor(elapsed, p.share_half_life)
    influence = f.influence * decay_factor(elapsed, p.influence_half_life)
    kept = decay_factor(elapsed, p.relevance_half_life)
    return score_of((talk, share, influence, f.organic_weight * kept, f.total_weight * kept), f, p)


@compiled
def judge(f: State, e: Event, p: Settings, out: Emitted) -> None:
    """Set the score at ``as_of``, to which the sums are decayed already."""
    f.score = score_of((f.talk, f.share, f.influence, f.organic_weight, f.total_weight), f, p)


@compiled
def _score(f: State, p: Settings) -> float:
    return f.score


@compiled
def _talk(f: State, p: Settings) -> float:
    return saturation(f.talk, p.half_saturation)


@compiled
def _share(f: State, p: Settings) -> float:
    return saturation(f.share, p.half_saturation)


@compiled
def _influence(f: State, p: Settings) -> float:
    return log_reach(f.influence)


@compiled
def _relevance(f: State, p: Settings) -> float:
    return relevance(f.organic_weight, f.total_weight)


def check(p: Struct) -> None:
    """Refuse part weights that are more than the whole.

    Raises:
        ValueError: in one sentence.
    """
    weights: PartWeights = p.part_weight  # type: ignore[attr-defined]
    if sum(weights[i] for i in range(3)) > 1.0 + 1e-9:
        raise ValueError("part_weight: talk, share and influence must not be more than 1 together")


TALKS = "How much the fan talks with the brand: likes, comments, reviews, mentions, purchases."

RULE = Rule(
    "score",
    State,
    Settings,
    decay=decay,
    apply=apply,
    apply_by_others=apply_by_others,
    judge=judge,
    check=check,
    published=(
        Published(number("score", "0 to 100, two decimals.", decimals=2, maximum=100), _score),
        Published(number("parts.talk", TALKS, decimals=3), _talk),
        Published(number("parts.share", "How much the fan shares: reposts and shows.", decimals=3), _share),
        Published(number("parts.influence", "How often others repost the fan's posts.", decimals=3), _influence),
        Published(
            number("parts.relevance", "Twice the share of acts that no prize paid for, at most 1.", decimals=3),
            _relevance,
        ),
    ),
)
