"""Claims about leaving and coming back: deadlines, the watermark of silence, guards."""

import numpy as np
import pytest

from schemas.inputs import COMMENTS, LIKES, PURCHASES, REPOSTS
from schemas.row import Rows
from streams.fans.columns import Dirty
from streams.fans.store import CHANGELOG
from streams.rules import churn
from streams.rules.churn import Lifecycle
from streams.rules.rule import DAY
from streams.task import Task
from streams.wire.records import ByteSlices
from tests.streams.histories import advance, daily, fan, new_task, process, publish, record

HOUR = 3_600_000


@pytest.fixture
def task() -> Task:
    return new_task()


def keep_alive(task: Task, day: int) -> None:
    """Let another fan of the brand come, so that the brand's clock goes on."""
    process(task, PURCHASES, [record(10_000 + day, day * DAY, fan="other")])


def passing(task: Task, days: range, *, alive: bool = True) -> Rows:
    """Let days pass; return the churn transitions of fan f."""
    seen = []
    for day in days:
        if alive:
            keep_alive(task, day)
        seen.append(advance(task, day * DAY))
    found, row = np.concatenate(seen), task.fans.find(ByteSlices.of([b"miot:f"]))[0]
    of_fan: Rows = found[(found["flag"] == churn.FLAG) & (found["row"] == row)]
    return of_fan


def test_a_daily_fan_is_at_risk_within_days_and_churned_later_once_each(task: Task) -> None:
    process(task, LIKES, daily(20))
    transitions = passing(task, range(20, 120))
    assert transitions["after"].tolist() == [Lifecycle.AT_RISK, Lifecycle.CHURNED]
    assert 3 * 86400 <= transitions["silent_for_s"][0] <= 8 * 86400
    assert transitions["usual_gap_s"][0] == pytest.approx(86400, rel=0.05)
    assert transitions["reason"].tolist() == [churn.BY_SILENCE, churn.BY_SILENCE]
    assert len(set(transitions["since"].tolist())) == 1


def test_a_fan_without_rhythm_has_thirty_and_sixty_days(task: Task) -> None:
    process(task, LIKES, [record(0, 0)])
    transitions = passing(task, range(1, 90))
    assert [round(s / 86400) for s in transitions["silent_for_s"].tolist()] == [30, 60]


def test_a_dead_source_makes_no_fan_silent(task: Task) -> None:
    process(task, LIKES, daily(20))
    assert len(passing(task, range(20, 200), alive=False)) == 0


def test_a_source_that_catches_up_makes_nobody_silent_who_came_just_in_time(task: Task) -> None:
    minute = 60_000
    process(task, LIKES, [record(0, 0)])
    due, now = 30 * DAY, 30 * DAY + 120 * minute
    for step in range(-60, 120):  # the connector writes, minute by minute, what it missed in two hours and more
        at = due + step * minute
        process(task, PURCHASES, [record(1_000 + step, at, fan="other")])
        if step == -5:
            process(task, LIKES, [record(1, at)])
        transitions = advance(task, now)
        assert churn.FLAG not in transitions["flag"], step


def test_a_lagging_input_holds_the_clock(task: Task) -> None:
    process(task, LIKES, daily(20))
    keep_alive(task, 90)
    assert len(advance(task, 90 * DAY, [LIKES])) == 0
    assert len(advance(task, 90 * DAY)) > 0


def test_an_act_clears_the_risk_and_after_churn_it_is_a_return(task: Task) -> None:
    process(task, LIKES, daily(20))
    assert len(passing(task, range(20, 25))) == 1
    back = process(task, LIKES, [record(100, 25 * DAY + 3_600_000)])
    assert back[back["flag"] == churn.FLAG]["after"].tolist() == [Lifecycle.ACTIVE]
    assert passing(task, range(30, 150))["after"].tolist() == [Lifecycle.AT_RISK, Lifecycle.CHURNED]
    back = process(task, LIKES, [record(101, 160 * DAY)])
    assert back[back["flag"] == churn.FLAG]["after"].tolist() == [Lifecycle.RETURNED]
    process(task, LIKES, [record(102, 161 * DAY), record(103, 162 * DAY)])
    assert fan(task).lifecycle == Lifecycle.ACTIVE


def test_two_more_days_within_thirty_make_who_returned_active(task: Task) -> None:
    process(task, LIKES, daily(20))
    passing(task, range(20, 150))
    states = []
    for n, day in enumerate((160, 175, 191, 200)):
        process(task, LIKES, [record(100 + n, day * DAY)])
        states.append(fan(task).lifecycle)
    assert states == [Lifecycle.RETURNED, Lifecycle.RETURNED, Lifecycle.RETURNED, Lifecycle.ACTIVE], (
        "days 160 to 191 are more than thirty"
    )


def test_who_came_back_on_the_day_of_the_flag_needs_two_more_days_as_well(task: Task) -> None:
    process(task, LIKES, daily(20))
    day = next(day for day in range(20, 150) if Lifecycle.CHURNED in passing(task, range(day, day + 1))["after"])
    transitions = [process(task, LIKES, [record(100, day * DAY + HOUR)])]
    assert fan(task).lifecycle == Lifecycle.CHURNED, "no two flips within a day"
    keep_alive(task, day + 2)
    transitions.append(advance(task, (day + 2) * DAY))
    transitions += [process(task, LIKES, [record(n, (day + n - 100) * DAY + HOUR)]) for n in (102, 103)]
    observed = np.concatenate(transitions)
    assert observed[observed["flag"] == churn.FLAG]["after"].tolist() == [Lifecycle.RETURNED, Lifecycle.ACTIVE]


def test_the_second_active_day_is_published_at_once_though_it_moves_the_score_by_less_than_a_point(
    task: Task,
) -> None:
    process(task, LIKES, [record(n, n * n) for n in range(20)])
    publish(task)
    process(task, LIKES, [record(20, DAY)])
    row = fan(task)
    assert row.lifecycle == Lifecycle.ACTIVE
    assert abs(row.score - row.published_score) < 1.0
    assert task.fans.columns.dirty[0] & Dirty.PUBLISH


def test_no_two_flips_within_a_day(task: Task) -> None:
    process(task, LIKES, daily(20))
    keep_alive(task, 100)
    first = advance(task, 100 * DAY)
    assert len(first[first["flag"] == churn.FLAG]) == 1
    assert fan(task).lifecycle == Lifecycle.AT_RISK
    again = advance(task, 100 * DAY + 3_600_000)
    assert len(again[again["flag"] == churn.FLAG]) == 0
    assert passing(task, range(101, 103))["after"].tolist() == [Lifecycle.CHURNED]


def test_a_suspect_is_not_flagged(task: Task) -> None:
    process(task, LIKES, [record(n, n * DAY) for n in range(40)])
    assert fan(task).suspect
    assert len(passing(task, range(40, 200))) == 0


def test_who_came_for_the_prize_leaves_for_its_reason(task: Task) -> None:
    process(task, REPOSTS, daily(10, incentivized=True))
    assert passing(task, range(10, 60))["reason"][0] == churn.BY_CAMPAIGN_ONLY


def test_an_angry_fan_is_churned_at_the_first_deadline_and_a_day(task: Task) -> None:
    process(task, COMMENTS, daily(20, sentiment=-0.5))
    transitions = passing(task, range(20, 60))
    assert transitions["reason"].tolist() == [churn.BY_NEGATIVE, churn.BY_NEGATIVE]
    assert transitions["at"][1] - transitions["at"][0] <= 2 * DAY


def test_no_more_flags_than_the_budget_and_the_rest_waits(task: Task) -> None:
    for n in range(50):
        process(task, LIKES, [record(n, 0, fan=f"f{n}")])
    keep_alive(task, 40)
    seen = [len(advance(task, 40 * DAY + i * 60_000, transitions=10)) for i in range(8)]
    assert max(seen) <= 13
    assert sum(seen) >= 50


def test_no_more_rows_change_in_a_tick_than_go_into_a_transaction_and_the_rest_waits(task: Task) -> None:
    for n in range(50):
        process(task, LIKES, [record(n, 0, fan=f"f{n}")])
    keep_alive(task, 40)
    task.fans.poll(CHANGELOG, 100)
    for changed in (10, 20, 30, 40, 50, 50):
        advance(task, 40 * DAY, rows=10)
        assert task.fans.columns.queued[CHANGELOG] == changed


def test_a_silent_fan_sinks_once_a_day_by_a_point_or_more(task: Task) -> None:
    process(task, PURCHASES, [record(n, n) for n in range(6)])
    publish(task)
    heights = [float(fan(task).score)]
    for hour in range(0, 24 * 20, 6):
        process(task, PURCHASES, [record(1000 + hour, hour * 3_600_000, fan="other")])
        advance(task, hour * 3_600_000)
        if fan(task).score != heights[-1]:
            heights.append(float(fan(task).score))
            publish(task)
    drops = np.diff(heights)
    assert len(drops) >= 5
    assert (drops <= -1.0).all()


def test_the_risk_of_a_silent_fan_is_published_as_it_rises(task: Task) -> None:
    process(task, LIKES, [record(n, n * n) for n in range(5)])
    publish(task)
    observed = [float(fan(task).activity)]
    for day in range(1, 60):
        keep_alive(task, day)
        advance(task, day * DAY)
        if fan(task).activity != observed[-1]:
            observed.append(float(fan(task).activity))
            publish(task)
    steps = np.diff([1 / (1 + activity) for activity in observed])
    assert len(steps) >= 3
    assert (steps < 0.1).all()
