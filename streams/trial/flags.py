"""The churn flag against known truth: how often it is wrong, and how soon it finds those who left."""

import numpy as np
from msgspec import Struct

from schemas.fan import Life
from schemas.layout import Floats, Ints
from streams.columns import Flag
from streams.fitting.brand import learn
from streams.params import DAY, Brand, Brands, Params
from streams.partition import Partition
from streams.trial.population import BRAND, Population, simulate
from streams.trial.replay import replay

STEP = DAY // 4  # between ticks
SETTLED = 120 * DAY  # who left later than this before the end is no leaver: no rule had the time to find him
WINDOWS = (30.0, 60.0)  # days of silence, the plain rules beside ours


class Found(Struct, frozen=True):
    """What one rule did to a population."""

    rule: str
    false_per_fan_year: float  # flags raised while the fan was still there, by the years that fans were there
    median_days: float  # from a leaver's last visit to the flag that stands at the end; inf where there is none
    leavers: int
    found: int


def judge(rule: str, crowd: Population, fan: Ints, at: Ints) -> Found:
    """Judge flags: ``fan[i]`` was flagged at ``at[i]``, ms, in order of time."""
    n = len(crowd.leaves)
    first, last = np.full(n, crowd.end), np.zeros(n, np.int64)
    np.minimum.at(first, crowd.acts.fan, crowd.acts.at)
    np.maximum.at(last, crowd.acts.fan, crowd.acts.at)
    years = float((crowd.leaves - first).sum()) / (365.0 * DAY)
    standing = np.zeros(n, np.int64)
    np.maximum.at(standing, fan, at)
    leavers = crowd.leaves < crowd.end - SETTLED
    waited: Floats = np.where(standing > last, (standing - last) / DAY, np.inf)[leavers]
    false = int((at < crowd.leaves[fan]).sum())
    return Found(rule, false / years, float(np.median(waited)), int(leavers.sum()), int(np.isfinite(waited).sum()))


def windows(crowd: Population, days: float) -> tuple[Ints, Ints]:
    """Return the flags, fan and moment, of a rule that waits ``days`` of silence."""
    order = np.lexsort((crowd.acts.at, crowd.acts.fan))
    fan, at = crowd.acts.fan[order], crowd.acts.at[order]
    flagged = at + int(days * DAY)
    is_last = np.append(fan[1:] != fan[:-1], True)
    until = np.where(is_last, crowd.end, np.append(at[1:], 0))
    raised = flagged < until
    return fan[raised], flagged[raised]


def flags(crowd: Population, params: Params) -> dict[Life, tuple[Ints, Ints]]:
    """Return the flags, fan and moment, that decode, fold and ticks raise: at_risk and churned."""
    brands = Brands({BRAND: Brand(**{name: getattr(params, name) for name in Params.__struct_fields__})}, Params())
    partition, history = Partition(brands), crowd.history()
    parts = [
        turns[turns["flag"] == Flag.CHURN][["row", "at", "after"]].copy()
        for turns in replay(history, partition, crowd.end, STEP)
    ]
    turns = np.concatenate(parts)
    number = {key: fan for fan, key in enumerate(history.keys)}
    rows = np.arange(len(partition.fans))
    fan = np.array([number[key] for key in partition.fans.index.keys(rows)], np.int64)
    states = {life: turns["after"] == life for life in (Life.AT_RISK, Life.CHURNED)}
    return {life: (fan[turns["row"][here]], turns["at"][here].astype(np.int64)) for life, here in states.items()}


def compare(fans: int, days: float, lifetime: float, seed: int) -> list[Found]:
    """Judge fixed windows, the default parameters, and those learnt from another population of the same kind."""
    crowd = simulate(fans, days, lifetime, seed)
    other = simulate(fans, days, lifetime, seed + 1)
    base = Params(utc_offset_minutes=0)
    learnt = learn(other.acts, other.end, base)
    rules = [judge(f"{days:.0f} days of silence", crowd, *windows(crowd, days)) for days in WINDOWS]
    for name, params in (("default", base), ("learnt", learnt)):
        raised = flags(crowd, params)
        rules += [judge(f"{life.name.lower()}, {name} parameters", crowd, *raised[life]) for life in raised]
    return rules
