"""The simulated population and the judge of flags, on truth small enough to count by hand."""

import numpy as np
from msgspec.structs import replace

from streams.fans.model import MODEL
from streams.offline.backtest import MIN_SILENCE_OF_LEAVERS, judge_flags, raised_flags, window_flags
from streams.offline.population import ARRIVALS, LONGEST_HISTORY, SHORTEST, START, Population, simulate
from streams.offline.rhythm import Acts
from streams.rules.churn import Lifecycle
from streams.rules.rule import DAY

END = START + 400 * DAY


def days(*moments: float) -> np.ndarray:
    return START + (np.array(moments) * DAY).astype(np.int64)


# fan 0 comes at 0, 10 and 80 and leaves at 90; fan 1 comes at 5 and stays
SMALL = Population(Acts(np.array([0, 1, 0, 0]), days(0, 5, 10, 80)), np.append(days(90), END), END)


def test_windows_flag_each_silence_once() -> None:
    fan, at = window_flags(SMALL, 60.0)
    assert sorted(zip(fan.tolist(), at.tolist(), strict=True)) == [
        (0, int(days(70)[0])),  # silent from 10 to 80
        (0, int(days(140)[0])),
        (1, int(days(65)[0])),
    ]


def test_a_flag_is_false_while_the_fan_is_there() -> None:
    found = judge_flags("window", SMALL, *window_flags(SMALL, 60.0))
    years = (90 + 395) / 365
    assert found.leavers == found.found == 1
    assert found.median_days == 60.0
    assert abs(found.false_per_fan_year - 2 / years) < 1e-9


def test_a_leaver_without_a_flag_is_never_found() -> None:
    found = judge_flags("none", SMALL, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert (found.found, found.median_days, found.false_per_fan_year) == (0, np.inf, 0.0)


def test_simulated_fans_arrive_come_and_leave_as_declared() -> None:
    population = simulate(400, 540.0, 200.0, seed=5)
    assert (np.diff(population.acts.at) >= 0).all()
    assert len(np.unique(population.acts.fan)) == 400
    assert (population.acts.at <= population.leaves[population.acts.fan]).all()
    first = np.full(400, population.end)
    np.minimum.at(first, population.acts.fan, population.acts.at)
    assert first.max() < START + ARRIVALS * DAY
    gaps = (population.leaves - first) / DAY / np.bincount(population.acts.fan)
    assert np.median(gaps) < LONGEST_HISTORY
    assert gaps.min() > SHORTEST / 3
    again = simulate(400, 540.0, 200.0, seed=5)
    assert (again.acts.at == population.acts.at).all()


def test_the_program_flags_leavers_at_risk_before_churned() -> None:
    population = simulate(60, 300.0, 40.0, seed=2)
    raised = raised_flags(population, replace(MODEL.params(), utc_offset_minutes=0))
    at_risk, churned = raised[Lifecycle.AT_RISK], raised[Lifecycle.CHURNED]
    leavers = np.flatnonzero(population.leaves < population.end - MIN_SILENCE_OF_LEAVERS)
    assert len(leavers) > 30
    for fan in leavers:
        assert at_risk[1][at_risk[0] == fan].min() < churned[1][churned[0] == fan].min()
    assert (np.concatenate([at_risk[1], churned[1]]) <= population.end).all()
