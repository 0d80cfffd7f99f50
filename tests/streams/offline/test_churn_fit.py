"""Columns of a history: rhythms as the rows have them, half-lives and thresholds from the past alone."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from schemas.inputs.likes import LIKES
from streams.fans.model import MODEL
from streams.fans.params import default_row, settings_of, table
from streams.offline.churn_fit import WINDOW, best_half_life, best_threshold, false_alarms, fit_churn
from streams.offline.population import BRAND, simulate
from streams.offline.replay import History, churn_risks, replay
from streams.offline.rhythm import Acts, activity, came_back, rhythms
from streams.rules.churn import Settings
from streams.rules.rule import DAY
from streams.task import Task
from streams.wire.records import ByteSlices, Record
from tests.streams.histories import brands

POPULATION = simulate(80, 200.0, 60.0, seed=1)
HISTORY = POPULATION.history()
HALF_LIFE, UTC_OFFSET = 9.0, 480
BRANDS = brands(MODEL, **{BRAND: replace(MODEL.params(), activity_half_life=HALF_LIFE)})


def test_rhythms_are_those_of_the_rows() -> None:
    cut = POPULATION.end - 60 * DAY
    task = Task(MODEL, BRANDS)
    for _ in replay(HISTORY, task, cut, DAY):
        pass
    found = rhythms(POPULATION.acts, cut, UTC_OFFSET)
    rows = task.fans.columns.rows[task.fans.find(ByteSlices.of([HISTORY.keys[fan] for fan in found.fans]))]
    assert (rows["n_days"] - 1 == found.repeats).all()
    assert ((rows["last_seen"] - rows["first_seen"]) / DAY == found.span).all()
    assert len(task.fans) == len(found.fans)


def test_published_risk_ranks_by_faded_activity() -> None:
    cut = POPULATION.end - 60 * DAY
    found = rhythms(POPULATION.acts, cut, UTC_OFFSET)
    risks = churn_risks(HISTORY, found.fans, BRANDS, cut, DAY)
    assert np.allclose(risks, 1.0 / (1.0 + activity(POPULATION.acts, found.fans, cut, HALF_LIFE)))


def test_what_comes_after_the_cut_is_not_seen() -> None:
    cut = POPULATION.end - 60 * DAY
    past = POPULATION.acts.before(cut)
    for offset in (0, UTC_OFFSET):
        for one, other in zip(rhythms(POPULATION.acts, cut, offset), rhythms(past, cut, offset), strict=True):
            assert (one == other).all()
    assert best_half_life(POPULATION.acts, cut, UTC_OFFSET) == best_half_life(past, cut, UTC_OFFSET)


def test_an_event_that_the_task_refuses_stops_the_replay() -> None:
    value = msgspec.json.encode({"event_id": "e", "brand_id": "b", "fan_id": "f", "event_time": DAY})
    acts = Acts(np.zeros(1, np.int64), np.full(1, DAY))
    history = History([Record(0, DAY, b"b:f", value)], np.full(1, LIKES.number), acts, [b"b:f"])
    with pytest.raises(ValueError, match="platform"):
        list(replay(history, Task(MODEL, BRANDS), 2 * DAY, DAY))


def test_the_half_life_follows_the_tempo() -> None:
    """Fans of two tempos that leave at random: a month-old act of a quick fan says nothing, a slow one's does."""

    def acts_of(gap: float, stay: float) -> Acts:
        chance = np.random.default_rng(2)
        visits = [np.arange(0, max(chance.exponential(stay), gap), gap) * chance.uniform(0.7, 1.3) for _ in range(400)]
        fan = np.repeat(np.arange(400), [len(v) for v in visits])
        return Acts(fan, ((np.concatenate(visits) + chance.uniform(0, 1, len(fan))) * DAY).astype(np.int64))

    quick, slow = acts_of(0.5, 30.0), acts_of(12.0, 720.0)
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
    row = default_row()
    assert false_alarms(fan[:2], at[:2], days[:2], 0.5, row) == 0
    assert false_alarms(fan[:3], at[:3], days[:3], 0.5, row) == 1
    assert false_alarms(np.arange(5), at, days, 0.5, row) == 0


def test_the_fitted_threshold_alarms_falsely_less_often_than_the_window() -> None:
    population = simulate(520, 450.0, 200.0, seed=3)
    params = fit_churn(population.acts, population.end, replace(MODEL.params(), utc_offset_minutes=0))
    fitted, row = settings_of(params, Settings), table(MODEL.params_dtype, MODEL.kinds, [params])[0]
    order = np.lexsort((population.acts.at, population.acts.fan))
    fan, at = population.acts.fan[order], population.acts.at[order]
    ours = false_alarms(fan, at, at // DAY, fitted.alive_churned, row)
    window = int(((np.diff(at) > WINDOW * DAY) & (np.diff(fan) == 0)).sum())
    assert 0.05 <= fitted.alive_churned < fitted.alive_at_risk
    assert ours <= window
    assert false_alarms(fan, at, at // DAY, fitted.alive_churned + 0.02, row) > 0.9 * window


def test_few_false_alarms_teach_no_threshold() -> None:
    population = simulate(5, 100.0, 50.0, seed=1)
    assert best_threshold(population.acts, MODEL.params()) is None
