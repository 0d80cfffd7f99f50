"""Columns of a history: rhythms as the rows have them, half-lives and thresholds from the past alone."""

import msgspec
import numpy as np
import pytest

from schemas.events import Topic
from streams.offline.churn_fit import WINDOW, best_half_life, best_threshold, false_alarms, fit_churn
from streams.offline.population import BRAND, simulate
from streams.offline.replay import History, Line, churn_risks, replay
from streams.offline.rhythm import Acts, activity, came_back, rhythms
from streams.params import DAY, Brand, Brands, Params, table
from streams.partition import Partition
from streams.records.spans import Texts

CROWD = simulate(80, 200.0, 60.0, seed=1)
HISTORY = CROWD.history()
PARAMS = Params(activity_half_life=9.0)
BRANDS = Brands({BRAND: Brand(activity_half_life=9.0)}, Params())


def test_rhythms_are_those_of_the_rows() -> None:
    cut = CROWD.end - 60 * DAY
    partition = Partition(BRANDS)
    for _ in replay(HISTORY, partition, cut, DAY):
        pass
    found = rhythms(CROWD.acts, cut, PARAMS.utc_offset_minutes)
    rows = partition.fans.columns.rows[partition.fans.find(Texts.of([HISTORY.keys[fan] for fan in found.fans]))]
    assert (rows["n_days"] - 1 == found.repeats).all()
    assert ((rows["last_seen"] - rows["first_seen"]) / DAY == found.span).all()
    assert len(partition.fans) == len(found.fans)


def test_published_risk_ranks_by_faded_activity() -> None:
    cut = CROWD.end - 60 * DAY
    found = rhythms(CROWD.acts, cut, PARAMS.utc_offset_minutes)
    risks = churn_risks(HISTORY, found.fans, BRANDS, cut, DAY)
    assert np.allclose(risks, 1.0 / (1.0 + activity(CROWD.acts, found.fans, cut, 9.0)))


def test_what_comes_after_the_cut_is_not_seen() -> None:
    cut = CROWD.end - 60 * DAY
    past = CROWD.acts.before(cut)
    for offset in (0, 480):
        for one, other in zip(rhythms(CROWD.acts, cut, offset), rhythms(past, cut, offset), strict=True):
            assert (one == other).all()
    assert best_half_life(CROWD.acts, cut, 480) == best_half_life(past, cut, 480)


def test_a_line_that_the_program_refuses_stops_the_replay() -> None:
    bad = Line(
        0, DAY, b"b:f", msgspec.json.encode({"event_id": "e", "brand_id": "b", "fan_id": "f", "event_time": DAY})
    )
    history = History(
        [bad], np.full(1, int(Topic.LIKES), np.int8), Acts(np.zeros(1, np.int64), np.full(1, DAY)), [b"b:f"]
    )
    with pytest.raises(ValueError, match="platform"):
        list(replay(history, Partition(BRANDS), 2 * DAY, DAY))


def test_the_half_life_follows_the_tempo() -> None:
    """Fans of two tempos that leave at random: what a quick crowd did a month ago says nothing, a slow one's does."""

    def crowd(gap: float, stay: float) -> Acts:
        chance = np.random.default_rng(2)
        visits = [np.arange(0, max(chance.exponential(stay), gap), gap) * chance.uniform(0.7, 1.3) for _ in range(400)]
        fan = np.repeat(np.arange(400), [len(v) for v in visits])
        return Acts(fan, ((np.concatenate(visits) + chance.uniform(0, 1, len(fan))) * DAY).astype(np.int64))

    quick, slow = crowd(0.5, 30.0), crowd(12.0, 720.0)
    fast, lasting = best_half_life(quick, 60 * DAY, 0), best_half_life(slow, 1_440 * DAY, 0)
    assert fast is not None
    assert lasting is not None
    assert fast < lasting


def test_a_history_of_nothing_has_no_half_life() -> None:
    assert best_half_life(Acts(np.zeros(0, np.int64), np.zeros(0, np.int64)), DAY, 0) is None
    assert best_half_life(Acts(np.zeros(3, np.int64), np.arange(3) * DAY), 4 * DAY, 0) is None


def test_who_came_back_came_within_the_days_held_out() -> None:
    acts = Acts(np.array([0, 0, 1, 2]), np.array([1, 10, 20, 9]))
    assert came_back(acts, np.array([0, 1, 2]), 10, 20).tolist() == [True, False, False]


def test_a_false_alarm_is_an_act_after_the_deadline() -> None:
    days = np.array([0, 29, 60, 91, 200])  # 30 days of silence are the deadline of those without a rhythm
    fan, at = np.zeros(5, np.int64), days * DAY
    row = table([Params()])[0]
    assert false_alarms(fan[:2], at[:2], days[:2], 0.5, row) == 0
    assert false_alarms(fan[:3], at[:3], days[:3], 0.5, row) == 1
    assert false_alarms(np.arange(5), at, days, 0.5, row) == 0


def test_the_fitted_threshold_alarms_falsely_less_often_than_the_window() -> None:
    crowd = simulate(520, 450.0, 200.0, seed=3)
    fitted = fit_churn(crowd.acts, crowd.end, Params(utc_offset_minutes=0))
    order = np.lexsort((crowd.acts.at, crowd.acts.fan))
    fan, at = crowd.acts.fan[order], crowd.acts.at[order]
    row = table([fitted])[0]
    ours = false_alarms(fan, at, at // DAY, fitted.alive_churned, row)
    window = int(((np.diff(at) > WINDOW * DAY) & (np.diff(fan) == 0)).sum())
    assert 0.05 <= fitted.alive_churned < fitted.alive_at_risk
    assert ours <= window
    assert false_alarms(fan, at, at // DAY, fitted.alive_churned + 0.02, row) > 0.9 * window


def test_few_false_alarms_teach_no_threshold() -> None:
    crowd = simulate(5, 100.0, 50.0, seed=1)
    assert best_threshold(crowd.acts, Params()) is None
