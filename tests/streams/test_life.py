"""Claims about leaving and coming back: deadlines, the feed's clock, guards."""

import numpy as np
import pytest

from schemas.events import Topic
from schemas.fan import Life
from schemas.layout import Rows
from streams.columns import Flag, Reason, Todo
from streams.params import DAY
from streams.partition import Partition
from streams.records.spans import Texts
from tests.streams.histories import BRANDS, START, daily, fan, fold, record

HOUR = 3_600_000


@pytest.fixture
def partition() -> Partition:
    return Partition(BRANDS)


def keep_alive(partition: Partition, day: int) -> None:
    """Let another fan of the brand come, so that the feed's clock goes on."""
    fold(partition, Topic.PURCHASES, [record(10_000 + day, day * DAY, fan="other")])


def passing(partition: Partition, days: range, *, alive: bool = True) -> Rows:
    """Let days pass; return the churn turns of fan f."""
    seen = []
    for day in days:
        if alive:
            keep_alive(partition, day)
        seen.append(partition.tick(START + day * DAY, set(), most=100))
    turns = np.concatenate(seen)
    return turns[(turns["flag"] == Flag.CHURN) & (turns["row"] == partition.fans.find(Texts.of([b"miot:f"]))[0])]


def test_a_daily_fan_is_at_risk_within_days_and_churned_later_once_each(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    turns = passing(partition, range(20, 120))
    assert turns["after"].tolist() == [Life.AT_RISK, Life.CHURNED]
    assert 3 * 86400 <= turns["silent_for_s"][0] <= 8 * 86400
    assert turns["usual_gap_s"][0] == pytest.approx(86400, rel=0.05)
    assert turns["reason"].tolist() == [Reason.SILENCE, Reason.SILENCE]
    assert len(set(turns["since"].tolist())) == 1


def test_a_fan_without_rhythm_has_thirty_and_sixty_days(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(0, 0)])
    turns = passing(partition, range(1, 90))
    assert [round(s / 86400) for s in turns["silent_for_s"].tolist()] == [30, 60]


def test_a_dead_feed_makes_no_fan_silent(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    assert len(passing(partition, range(20, 200), alive=False)) == 0


def test_a_feed_that_catches_up_makes_nobody_silent_who_came_just_in_time(partition: Partition) -> None:
    minute = 60_000
    fold(partition, Topic.LIKES, [record(0, 0)])
    due, now = 30 * DAY, START + 30 * DAY + 120 * minute
    for step in range(-60, 120):  # the connector writes, minute by minute, what it missed in two hours and more
        at = due + step * minute
        fold(partition, Topic.PURCHASES, [record(1_000 + step, at, fan="other")])
        if step == -5:
            fold(partition, Topic.LIKES, [record(1, at)])
        turns = partition.tick(now, set(), most=100)
        assert Flag.CHURN not in turns["flag"], step


def test_a_lagging_input_holds_the_clock(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    keep_alive(partition, 90)
    assert len(partition.tick(START + 90 * DAY, {Topic.LIKES}, most=100)) == 0
    assert len(partition.tick(START + 90 * DAY, set(), most=100)) > 0


def test_an_act_clears_the_risk_and_after_churn_it_is_a_return(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    assert len(passing(partition, range(20, 25))) == 1
    back = fold(partition, Topic.LIKES, [record(100, 25 * DAY + 3_600_000)])
    assert back[back["flag"] == Flag.CHURN]["after"].tolist() == [Life.ACTIVE]
    assert passing(partition, range(30, 150))["after"].tolist() == [Life.AT_RISK, Life.CHURNED]
    back = fold(partition, Topic.LIKES, [record(101, 160 * DAY)])
    assert back[back["flag"] == Flag.CHURN]["after"].tolist() == [Life.RETURNED]
    fold(partition, Topic.LIKES, [record(102, 161 * DAY), record(103, 162 * DAY)])
    assert fan(partition).life == Life.ACTIVE


def test_two_more_days_within_thirty_make_who_returned_active(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    passing(partition, range(20, 150))
    states = []
    for n, day in enumerate((160, 175, 191, 200)):
        fold(partition, Topic.LIKES, [record(100 + n, day * DAY)])
        states.append(fan(partition).life)
    assert states == [Life.RETURNED, Life.RETURNED, Life.RETURNED, Life.ACTIVE], "days 160 to 191 are more than thirty"


def test_who_came_back_on_the_day_of_the_flag_needs_two_more_days_as_well(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    day = next(day for day in range(20, 150) if Life.CHURNED in passing(partition, range(day, day + 1))["after"])
    turns = [fold(partition, Topic.LIKES, [record(100, day * DAY + HOUR)])]
    assert fan(partition).life == Life.CHURNED, "no two flips within a day"
    keep_alive(partition, day + 2)
    turns.append(partition.tick(START + (day + 2) * DAY, set(), most=100))
    turns += [fold(partition, Topic.LIKES, [record(n, (day + n - 100) * DAY + HOUR)]) for n in (102, 103)]
    told = np.concatenate(turns)
    assert told[told["flag"] == Flag.CHURN]["after"].tolist() == [Life.RETURNED, Life.ACTIVE]


def test_the_second_active_day_is_told_at_once_though_it_moves_the_score_by_less_than_a_point(
    partition: Partition,
) -> None:
    fold(partition, Topic.LIKES, [record(n, n * n) for n in range(20)])
    partition.fans.announced(np.arange(1))
    fold(partition, Topic.LIKES, [record(20, DAY)])
    row = fan(partition)
    assert row.life == Life.ACTIVE
    assert abs(row.score - row.announced) < 1.0
    assert partition.fans.columns.todo[0] & Todo.ANNOUNCE


def test_no_two_flips_within_a_day(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    keep_alive(partition, 100)
    first = partition.tick(START + 100 * DAY, set(), most=100)
    assert len(first[first["flag"] == Flag.CHURN]) == 1
    assert fan(partition).life == Life.AT_RISK
    again = partition.tick(START + 100 * DAY + 3_600_000, set(), most=100)
    assert len(again[again["flag"] == Flag.CHURN]) == 0
    assert passing(partition, range(101, 103))["after"].tolist() == [Life.CHURNED]


def test_a_suspect_is_not_flagged(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(n, n * DAY) for n in range(40)])
    assert fan(partition).suspect
    assert len(passing(partition, range(40, 200))) == 0


def test_who_came_for_the_prize_leaves_for_its_reason(partition: Partition) -> None:
    fold(partition, Topic.REPOSTS, daily(Topic.REPOSTS, 10, incentivized=True))
    assert passing(partition, range(10, 60))["reason"][0] == Reason.CAMPAIGN_ONLY


def test_an_angry_fan_is_churned_at_the_first_deadline_and_a_day(partition: Partition) -> None:
    fold(partition, Topic.COMMENTS, daily(Topic.COMMENTS, 20, sentiment=-0.5))
    turns = passing(partition, range(20, 60))
    assert turns["reason"].tolist() == [Reason.NEGATIVE, Reason.NEGATIVE]
    assert turns["at"][1] - turns["at"][0] <= 2 * DAY


def test_no_more_flags_than_the_budget_and_the_rest_waits(partition: Partition) -> None:
    for n in range(50):
        fold(partition, Topic.LIKES, [record(n, 0, fan=f"f{n}")])
    keep_alive(partition, 40)
    seen = [len(partition.tick(START + 40 * DAY + i * 60_000, set(), most=10)) for i in range(8)]
    assert max(seen) <= 13
    assert sum(seen) >= 50


def test_no_more_rows_change_in_a_tick_than_go_into_a_transaction_and_the_rest_waits(partition: Partition) -> None:
    for n in range(50):
        fold(partition, Topic.LIKES, [record(n, 0, fan=f"f{n}")])
    keep_alive(partition, 40)
    partition.fans.columns.todo[:] = 0
    for changed in (10, 20, 30, 40, 50, 50):
        partition.tick(START + 40 * DAY, set(), most=100, rows=10)
        assert len(partition.fans.waiting(Todo.RECORD)) == changed


def test_a_silent_fan_sinks_once_a_day_by_a_point_or_more(partition: Partition) -> None:
    fold(partition, Topic.PURCHASES, [record(n, n) for n in range(6)])
    partition.fans.announced(np.arange(1))
    heights = [float(fan(partition).score)]
    for hour in range(0, 24 * 20, 6):
        fold(partition, Topic.PURCHASES, [record(1000 + hour, hour * 3_600_000, fan="other")])
        partition.tick(START + hour * 3_600_000, set(), most=100)
        if fan(partition).score != heights[-1]:
            heights.append(float(fan(partition).score))
            partition.fans.announced(partition.fans.find(Texts.of([b"miot:f"])))
    drops = np.diff(heights)
    assert len(drops) >= 5
    assert (drops <= -1.0).all()


def test_the_risk_of_a_silent_fan_is_told_as_it_rises(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(n, n * n) for n in range(5)])
    partition.fans.announced(np.arange(1))
    told = [float(fan(partition).activity)]
    for day in range(1, 60):
        keep_alive(partition, day)
        partition.tick(START + day * DAY, set(), most=100)
        if fan(partition).activity != told[-1]:
            told.append(float(fan(partition).activity))
            partition.fans.announced(partition.fans.find(Texts.of([b"miot:f"])))
    steps = np.diff([1 / (1 + activity) for activity in told])
    assert len(steps) >= 3
    assert (steps < 0.1).all()
