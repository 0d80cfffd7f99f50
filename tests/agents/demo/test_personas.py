"""Each persona is what its name says, by the product's formulas written out here once more."""

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from agents.demo.personas import SHARES, Persona
from agents.demo.population import FIRST_DUE_MS, Plan, members
from agents.demo.traffic import DemoEvent, Traffic
from schemas.topics import DAY_MS

NOW = 1_795_377_062_584
PLAN = Plan(seed=1, now=NOW, history_days=120, fans=600, run=0)
WEIGHTS = {"like": 1.0, "repost": 5.0, "comment": 4.0, "purchase": 10.0}


def mbg_nbd(repeats: int, span: float) -> float:
    """Days of silence until P(alive) is one half, with the start values of the product's definition."""
    r, alpha, a, b = 1.4, 5.0, 0.9, 6.0
    days: float = (alpha + span) * ((b + repeats) / a) ** (1 / (r + repeats)) - alpha - span
    return min(180.0, max(3.0, days))


@pytest.fixture(scope="module")
def history() -> list[DemoEvent]:
    return list(Traffic(PLAN, "miot", rate=20.0, burst=False, silence=mbg_nbd).history())


@pytest.fixture(scope="module")
def lives(history: list[DemoEvent]) -> dict[Persona, list[list[DemoEvent]]]:
    """The events of each fan who has some, by persona."""
    of: dict[str, list[DemoEvent]] = defaultdict(list)
    for event in history:
        of[event.fields["fan_id"]].append(event)
    by_name: dict[Persona, list[list[DemoEvent]]] = defaultdict(list)
    for member in members(PLAN):
        if of[member.fan_id]:
            by_name[member.name].append(of[member.fan_id])
    return by_name


def faded(events: list[DemoEvent], half_life: float, kinds: set[str], incentivized: bool = True) -> float:
    weights: Iterator[float] = (
        WEIGHTS[event.fields["type"]] * 2 ** ((event.fields["event_time"] - NOW) / DAY_MS / half_life)
        for event in events
        if event.fields["type"] in kinds and (incentivized or not event.fields.get("incentivized"))
    )
    return sum(weights)


def relevance(events: list[DemoEvent]) -> float:
    on_brand, whole = (faded(events, 60, set(WEIGHTS), incentivized) for incentivized in (False, True))
    return min(1.0, 2 * (on_brand + 5) / (whole + 10))


def score(events: list[DemoEvent]) -> float:
    """The score without influence and without suspicion."""
    talk = faded(events, 14, {"like", "comment", "purchase"})
    share = faded(events, 30, {"repost"})
    return 100 * relevance(events) * (0.4 * (1 - 2 ** (-talk / 20)) + 0.3 * (1 - 2 ** (-share / 20)))


def median(lives: list[list[DemoEvent]]) -> float:
    return sorted(score(events_of_fan) for events_of_fan in lives)[len(lives) // 2]


def test_there_is_someone_of_every_kind(lives: dict[Persona, list[list[DemoEvent]]]) -> None:
    assert set(lives) == set(Persona)
    assert math.isclose(sum(SHARES.values()), 1.0)
    assert len(members(PLAN)) == PLAN.fans


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        (Persona.LURKER, 0, 8),
        (Persona.REGULAR, 10, 30),
        (Persona.LIKER, 30, 48),
        (Persona.CORE, 60, 80),
        (Persona.HUNTER, 0, 5),
        (Persona.LEAVER, 10, 45),
    ],
)
def test_a_persona_scores_in_its_tier(
    lives: dict[Persona, list[list[DemoEvent]]], name: Persona, low: float, high: float
) -> None:
    assert low <= median(lives[name]) < high


def test_every_core_fan_is_core(lives: dict[Persona, list[list[DemoEvent]]]) -> None:
    assert min(score(events_of_fan) for events_of_fan in lives[Persona.CORE]) >= 60


def test_only_gift_hunters_are_here_for_the_prize(lives: dict[Persona, list[list[DemoEvent]]]) -> None:
    for name, group in lives.items():
        for events_of_fan in group:
            assert (relevance(events_of_fan) < 0.5) == (name is Persona.HUNTER)


def likes_vary(events_of_fan: list[DemoEvent]) -> float:
    times = [event.fields["event_time"] for event in events_of_fan if event.fields["type"] == "like"]
    gaps = [b - a for a, b in pairwise(times)]
    return pstdev(gaps) / fmean(gaps) if len(gaps) >= 20 else math.nan


def test_bots_alone_keep_an_even_rhythm(lives: dict[Persona, list[list[DemoEvent]]]) -> None:
    assert all(likes_vary(events_of_fan) < 0.2 for events_of_fan in lives[Persona.BOT])
    for name in set(Persona) - {Persona.BOT}:
        assert not any(likes_vary(events_of_fan) < 0.4 for events_of_fan in lives[name]), name


def test_leavers_fall_due_one_after_the_other_from_now_on(lives: dict[Persona, list[list[DemoEvent]]]) -> None:
    dues = []
    for events_of_fan in lives[Persona.LEAVER]:
        times = [event.fields["event_time"] for event in events_of_fan]
        days = {(at + 480 * 60_000) // DAY_MS for at in times}
        span = (times[-1] - times[0]) / DAY_MS
        dues.append(times[-1] + mbg_nbd(len(days) - 1, span) * DAY_MS)
    dues.sort()
    assert len(dues) == 72
    assert dues[0] == pytest.approx(NOW + FIRST_DUE_MS, abs=2)
    assert all(3_000 < b - a < 61_000 for a, b in pairwise(dues))
    assert dues[10] < NOW + 90_000, "several must leave within the first minute and a half"


def test_the_angry_were_content_before(lives: dict[Persona, list[list[DemoEvent]]]) -> None:
    sentiments = [
        event.fields["sentiment"]
        for events_of_fan in lives[Persona.ANGRY]
        for event in events_of_fan
        if "sentiment" in event.fields
    ]
    assert min(sentiments) >= 0
    assert fmean(sentiments) > 0.3
