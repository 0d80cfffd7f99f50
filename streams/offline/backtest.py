"""Back-tests: churn risk against who came back in a history, and the churn flag against simulated leavers."""

import numpy as np
from msgspec import Struct

from schemas.fan import Life
from schemas.layout import Floats, Ints
from streams.columns import Flag
from streams.offline.churn_fit import fit_churn
from streams.offline.mbg import Churn, alive
from streams.offline.metrics import auc
from streams.offline.population import BRAND, Population, simulate
from streams.offline.replay import History, churn_risks, replay
from streams.offline.rhythm import Bools, came_back, rhythms
from streams.params import DAY, Brand, Brands, Params
from streams.partition import Partition

STEP = DAY // 4  # between ticks
SETTLED = 120 * DAY  # who left later than this before the end is no leaver: no rule had the time to find them
WINDOWS = (30.0, 60.0)  # days of silence of the plain rules to compare with


class Verdict(Struct, frozen=True):
    """One group of fans: its size, how many came back, and the AUC of each ranking; nan where all did, or none.

    Attributes:
        group: ``all`` or ``repeaters``, the fans with a second active day.
    """

    group: str
    fans: int
    came_back: int
    base_rate: float
    churn_risk: float
    silence: float
    p_alive: float


def backtest_risk(history: History, brand: str, params: Params, cut: int, end: int) -> list[Verdict]:
    """Judge rankings of the fans seen before ``cut``, ms, by who came back in ``cut`` <= t < ``end``."""
    found = rhythms(history.acts, cut, params.utc_offset_minutes)
    brands = _brands(brand, params)
    rankings = {
        "churn_risk": -churn_risks(history, found.fans, brands, cut, DAY),
        "silence": found.span - found.age,
        "p_alive": alive(Churn(*(getattr(params, name) for name in Churn.__struct_fields__)), found),
    }
    back = came_back(history.acts, found.fans, cut, end)
    return [
        _verdict("all", np.ones(len(back), np.bool_), back, rankings),
        _verdict("repeaters", found.repeats > 0, back, rankings),
    ]


def _verdict(group: str, members: Bools, back: Bools, rankings: dict[str, Floats]) -> Verdict:
    n, returned = int(members.sum()), int(back[members].sum())
    marks = {name: auc(score[members], back[members]) for name, score in rankings.items()}
    return Verdict(group, n, returned, returned / n if n else float("nan"), **marks)


def _brands(name: str, params: Params) -> Brands:
    return Brands({name: Brand(**{field: getattr(params, field) for field in Params.__struct_fields__})}, Params())


class FlagVerdict(Struct, frozen=True):
    """How one rule flagged a population."""

    rule: str
    false_per_fan_year: float  # flags raised while the fan was still there, by the years that fans were there
    median_days: float  # from a leaver's last visit to the flag that stands at the end; inf where there is none
    leavers: int
    found: int


def judge_flags(rule: str, population: Population, fan: Ints, at: Ints) -> FlagVerdict:
    """Judge the flags of a rule: ``fan``, int64[n], was flagged at ``at``, int64[n] ms, ascending."""
    n = len(population.leaves)
    first, last = np.full(n, population.end), np.zeros(n, np.int64)
    np.minimum.at(first, population.acts.fan, population.acts.at)
    np.maximum.at(last, population.acts.fan, population.acts.at)
    years = float((population.leaves - first).sum()) / (365.0 * DAY)
    standing = np.zeros(n, np.int64)
    np.maximum.at(standing, fan, at)
    leavers = population.leaves < population.end - SETTLED
    waited: Floats = np.where(standing > last, (standing - last) / DAY, np.inf)[leavers]
    false = int((at < population.leaves[fan]).sum())
    return FlagVerdict(
        rule, false / years, float(np.median(waited)), int(leavers.sum()), int(np.isfinite(waited).sum())
    )


def window_flags(population: Population, days: float) -> tuple[Ints, Ints]:
    """Return the flags, fan and moment, of a rule that waits ``days`` of silence."""
    order = np.lexsort((population.acts.at, population.acts.fan))
    fan, at = population.acts.fan[order], population.acts.at[order]
    flagged = at + int(days * DAY)
    is_last = np.append(fan[1:] != fan[:-1], True)
    until = np.where(is_last, population.end, np.append(at[1:], 0))
    raised = flagged < until
    return fan[raised], flagged[raised]


def raised_flags(population: Population, params: Params) -> dict[Life, tuple[Ints, Ints]]:
    """Return the at_risk and churned flags, fan and moment, that decode, fold and timers raise."""
    partition, history = Partition(_brands(BRAND, params)), population.history()
    parts = [
        some[some["flag"] == Flag.CHURN][["row", "at", "after"]].copy()
        for some in replay(history, partition, population.end, STEP)
    ]
    transitions = np.concatenate(parts)
    number = {key: fan for fan, key in enumerate(history.keys)}
    rows = np.arange(len(partition.fans))
    fan = np.array([number[key] for key in partition.fans.index.keys(rows)], np.int64)
    states = {life: transitions["after"] == life for life in (Life.AT_RISK, Life.CHURNED)}
    return {
        life: (fan[transitions["row"][here]], transitions["at"][here].astype(np.int64)) for life, here in states.items()
    }


def backtest_flags(fans: int, days: float, lifetime: float, seed: int) -> list[FlagVerdict]:
    """Judge fixed windows, the default parameters, and those fitted to another population of the same kind."""
    population = simulate(fans, days, lifetime, seed)
    other = simulate(fans, days, lifetime, seed + 1)
    base = Params(utc_offset_minutes=0)
    fitted = fit_churn(other.acts, other.end, base)
    rules = [
        judge_flags(f"{days:.0f} days of silence", population, *window_flags(population, days)) for days in WINDOWS
    ]
    for name, params in (("default", base), ("fitted", fitted)):
        raised = raised_flags(population, params)
        rules += [judge_flags(f"{life.name.lower()}, {name} parameters", population, *raised[life]) for life in raised]
    return rules
