"""The churn flag against known truth, through a task: as right as 60 days of silence, in half the time."""

import pytest

from streams.offline.backtest import backtest_flags


@pytest.mark.parametrize("seed", [1, 5])
def test_the_flag_finds_leavers_sooner_than_a_window_of_as_few_false_flags(seed: int) -> None:
    rules = {found.rule: found for found in backtest_flags(2_000, 540.0, 200.0, seed)}
    window, ours = rules["60 days of silence"], rules["churned, fitted parameters"]
    assert ours.leavers > 1_500
    assert ours.false_per_fan_year <= window.false_per_fan_year
    assert ours.median_days <= 35.0
    at_risk, month = rules["at_risk, fitted parameters"], rules["30 days of silence"]
    assert at_risk.false_per_fan_year <= month.false_per_fan_year
    assert at_risk.median_days <= 25.0
