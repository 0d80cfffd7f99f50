"""Back-tests: churn risk against who came back in a history, and the churn flag against simulated leavers."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from schemas.row import Floats, Ints
from streams.fans.model import MODEL
from streams.fans.params import Brands, Params, settings_of
from streams.offline.churn_fit import fit_churn
from streams.offline.mbg import Churn, alive
from streams.offline.metrics import auc
from streams.offline.population import BRAND, Population, simulate
from streams.offline.replay import History, churn_risks, replay
from streams.offline.rhythm import Bools, came_back, rhythms
from streams.rules import churn
from streams.rules.churn import Lifecycle
from streams.rules.rule import DAY
from streams.task import Task

TICK_STEP = DAY // 4  # between two moments at which time passes
MIN_SILENCE_OF_LEAVERS = 120 * DAY  # of a leaver at the end: no rule has the time to find one who left later
WINDOWS = (30.0, 60.0)  # days of silence of the plain rules to compare with


class RiskVerdict(Struct, frozen=True):
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


def backtest_risk(history: History, brand: str, params: Params, cut: int, end: int) -> list[RiskVerdict]:
    """Judge rankings of the fans seen before ``cut``, ms, by who came back in ``cut`` <= t < ``end``."""
    settings = settings_of(params, churn.Settings)
    found = rhythms(history.acts, cut, settings.utc_offset_minutes)
    brands = _brands(brand, params)
    rankings = {
        "churn_risk": -churn_risks(history, found.fans, brands, cut, DAY),
        "silence": found.span - found.age,
        "p_alive": alive(Churn(settings.churn_r, settings.churn_alpha, settings.churn_a, settings.churn_b), found),
    }
    back = came_back(history.acts, found.fans, cut, end)
    return [
        _verdict("all", np.ones(len(back), np.bool_), back, rankings),
        _verdict("repeaters", found.repeats > 0, back, rankings),
    ]


def _verdict(group: str, members: Bools, back: Bools, rankings: dict[str, Floats]) -> RiskVerdict:
    n, returned = int(members.sum()), int(back[members].sum())
    marks = {name: auc(score[members], back[members]) for name, score in rankings.items()}
    return RiskVerdict(group, n, returned, returned / n if n else float("nan"), **marks)


def _brands(name: str, params: Params) -> Brands:
    return Brands(MODEL.params_dtype, MODEL.kinds, {name: params}, MODEL.params())


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
    leavers = population.leaves < population.end - MIN_SILENCE_OF_LEAVERS
    days: Floats = np.where(standing > last, (standing - last) / DAY, np.inf)[leavers]
    false = int((at < population.leaves[fan]).sum())
    return FlagVerdict(rule, false / years, float(np.median(days)), int(leavers.sum()), int(np.isfinite(days).sum()))


def window_flags(population: Population, days: float) -> tuple[Ints, Ints]:
    """Return the flags, fan and moment, of a rule that waits ``days`` of silence."""
    order = np.lexsort((population.acts.at, population.acts.fan))
    fan, at = population.acts.fan[order], population.acts.at[order]
    flagged = at + int(days * DAY)
    is_last = np.append(fan[1:] != fan[:-1], True)
    until = np.where(is_last, population.end, np.append(at[1:], 0))
    raised = flagged < until
    return fan[raised], flagged[raised]


def raised_flags(population: Population, params: Params) -> dict[Lifecycle, tuple[Ints, Ints]]:
    """Return the at_risk and churned flags, fan and moment, that a task raises."""
    task, history = Task(MODEL, _brands(BRAND, params)), population.history()
    steps = replay(history, task, population.end, TICK_STEP)
    raised = np.concatenate([rows[rows["flag"] == churn.FLAG][["row", "at", "after"]] for rows in steps])
    number = {key: fan for fan, key in enumerate(history.keys)}
    fan_of_row = np.array([number[key] for key in task.fans.index.keys(np.arange(len(task.fans)))], np.int64)
    fan, at = fan_of_row[raised["row"]], raised["at"].astype(np.int64)
    is_in = {state: raised["after"] == state for state in (Lifecycle.AT_RISK, Lifecycle.CHURNED)}
    return {state: (fan[rows], at[rows]) for state, rows in is_in.items()}


def backtest_flags(fans: int, days: float, lifetime: float, seed: int) -> list[FlagVerdict]:
    """Judge fixed windows, the default parameters, and those fitted to another population of the same kind."""
    population = simulate(fans, days, lifetime, seed)
    other = simulate(fans, days, lifetime, seed + 1)
    base = replace(MODEL.params(), utc_offset_minutes=0)
    fitted = fit_churn(other.acts, other.end, base)
    rules = [
        judge_flags(f"{days:.0f} days of silence", population, *window_flags(population, days)) for days in WINDOWS
    ]
    for name, params in (("default", base), ("fitted", fitted)):
        raised = raised_flags(population, params)
        for state, flags in raised.items():
            rules.append(judge_flags(f"{state.name.lower()}, {name} parameters", population, *flags))
    return rules
