"""What readers get of a fan, and when: at once, with the publish delay, or after a day of silence."""

import numpy as np
import pytest

from schemas.inputs import ATTRIBUTION, COMMENTS, LIKES, PURCHASES
from schemas.row import Rows
from streams.fans.columns import Dirty
from streams.fans.params import default_row
from streams.rules import churn, sentiment
from streams.rules.churn import Lifecycle, at_risk_at
from streams.rules.rule import DAY, Outcome
from streams.rules.tier import Tier
from streams.task import Task
from tests.streams.histories import (
    START,
    advance,
    apply,
    brands,
    changelog,
    daily,
    fan,
    new_task,
    process,
    publish,
    record,
    restored,
    tuned,
)

HOUR = 3_600_000
MONTH = 30 * DAY


@pytest.fixture
def task() -> Task:
    return new_task()


def dirty(task: Task) -> int:
    return int(task.fans.columns.dirty[0])


def of(transitions: Rows, flag: int) -> Rows:
    found: Rows = transitions[transitions["flag"] == flag]
    return found


def test_a_fan_is_published_at_once_when_first_seen_though_worth_nothing(task: Task) -> None:
    process(task, LIKES, [record(0, 0, type="unlike")])
    assert fan(task).score == 0.0
    assert dirty(task) & Dirty.PUBLISH


@pytest.mark.parametrize(("kind", "is_down"), [("purchase", False), ("refund", True)])
def test_a_point_up_or_down_is_published_at_once(task: Task, kind: str, is_down: bool) -> None:
    process(task, PURCHASES, [record(n, n) for n in range(3)])
    publish(task)
    before = float(fan(task).score)
    process(task, PURCHASES, [record(9, 9, type=kind)])
    assert (fan(task).score < before - 1.0) if is_down else (fan(task).score > before + 1.0)
    assert dirty(task) & Dirty.PUBLISH


def test_less_than_a_point_waits_until_small_changes_add_up_to_one(task: Task) -> None:
    process(task, LIKES, [record(n, n * n) for n in range(15)])
    publish(task)
    first = float(fan(task).published_score)
    for n in range(15, 20):
        process(task, LIKES, [record(n, n * n)])
        is_far = abs(float(fan(task).score) - first) >= 1.0
        assert bool(dirty(task) & Dirty.PUBLISH) is is_far
        assert dirty(task) & Dirty.PUBLISH_LATER
        assert dirty(task) & Dirty.CHANGELOG
    assert is_far


def test_seq_counts_the_changes_of_a_row_and_nothing_else(task: Task) -> None:
    seen = []
    for topic, one in [
        (LIKES, record(0, 0)),
        (LIKES, record(1, 0, event_id="e0")),  # a repeat
        (COMMENTS, record(0, HOUR)),
        (ATTRIBUTION, record(0, 2 * HOUR, by_fan_id="x")),
        (COMMENTS, record(1, 1)),  # late
    ]:
        process(task, topic, [one])
        seen.append(int(fan(task).seq))
    assert seen == [1, 1, 2, 3, 4]
    process(task, PURCHASES, [record(0, MONTH + DAY, fan="other")])
    transitions = of(advance(task, MONTH + DAY), churn.FLAG)
    assert (transitions["seq"].tolist(), int(fan(task).seq)) == ([5], 5)


def test_as_of_is_the_newest_moment_that_touched_them(task: Task) -> None:
    process(task, LIKES, [record(0, HOUR), record(1, 0)])
    assert (fan(task).as_of, fan(task).last_seen, fan(task).first_seen) == (
        START + HOUR, START + HOUR, START,
    )  # fmt: skip
    process(task, ATTRIBUTION, [record(0, DAY, by_fan_id="x")])
    assert (fan(task).as_of, fan(task).last_seen) == (START + DAY, START + HOUR)


def test_an_hour_behind_the_newest_is_late_and_counts(task: Task) -> None:
    events = [record(0, DAY), record(1, DAY - HOUR), record(2, DAY - HOUR - 1)]
    found = apply(task, LIKES, events)
    assert found.events["outcome"].tolist() == [Outcome.APPLIED, Outcome.APPLIED, Outcome.LATE]
    assert fan(task).count_like == 3


def influential(task: Task) -> None:
    """Give fan f a reach of more than a half, for months."""
    process(task, ATTRIBUTION, [record(n, 0, by_fan_id=f"x{n}") for n in range(200)])


@pytest.mark.parametrize(("sentiments", "severity"), [([-0.6], 2), ([-0.4, -0.4, -0.4], 1)])
def test_who_reaches_many_or_is_core_is_one_worse(task: Task, sentiments: list[float], severity: int) -> None:
    comments = [record(n, n, sentiment=s) for n, s in enumerate(sentiments)]
    plain, core = new_task(), new_task()
    influential(task)
    process(core, LIKES, [record(0, 0)])
    core.fans.columns.rows["share"][0] = core.fans.columns.rows["influence"][0] = 80.0
    core.fans.columns.rows["talk"][0], core.fans.columns.rows["tier"][0] = 60.0, Tier.CORE
    found = [of(process(one, COMMENTS, comments), sentiment.FLAG)["severity"].tolist() for one in (plain, task, core)]
    assert fan(core).tier == Tier.CORE
    assert found == [[severity], [severity + 1], [severity + 1]]


def test_leaving_is_one_worse_for_who_reaches_many_and_churned_worse_than_at_risk(task: Task) -> None:
    plain, found = new_task(), []
    influential(task)
    for one in (plain, task):
        process(one, LIKES, daily(20))
        transitions = []
        for day in range(20, 60):
            process(one, PURCHASES, [record(day, day * DAY, fan="other")])
            transitions.append(advance(one, day * DAY))
        found.append(of(np.concatenate(transitions), churn.FLAG))
    assert [transitions["after"].tolist() for transitions in found] == [[Lifecycle.AT_RISK, Lifecycle.CHURNED]] * 2
    assert [transitions["severity"].tolist() for transitions in found] == [[1, 2], [2, 3]]


def test_an_episode_of_leaving_begins_at_its_deadline_however_late_it_is_published(task: Task) -> None:
    process(task, LIKES, daily(20))
    deadline = at_risk_at(fan(task), default_row())
    process(task, PURCHASES, [record(0, 40 * DAY, fan="other")])
    (transition,) = of(advance(task, 40 * DAY), churn.FLAG)
    assert (transition["since"], transition["at"]) == (deadline, START + 40 * DAY)
    assert deadline < START + 30 * DAY


def test_who_fades_by_many_points_within_a_day_is_published_after_the_day() -> None:
    task = new_task(of=brands(miot=tuned(talk_half_life=0.5)))
    process(task, PURCHASES, [record(n, n) for n in range(4)])
    publish(task)
    seen = []
    for hour in range(1, 30):
        process(task, LIKES, [record(hour, hour * HOUR, fan="other")])
        advance(task, hour * HOUR)
        seen.append(bool(dirty(task) & Dirty.PUBLISH))
    assert seen.index(True) == 24  # the 25th hour, for the last purchase was 3 ms after START


def test_what_was_not_published_before_a_restore_is_published_after_it(task: Task) -> None:
    process(task, LIKES, [record(n, n * n) for n in range(15)])
    calm = changelog(publish(task))[:1]
    process(task, LIKES, [record(15, 225)])
    newest = changelog(task.poll_output(START, later=False))[:1]
    for records, is_published in (([calm], False), ([calm, newest], True)):
        assert bool(dirty(restored(*records)) & Dirty.PUBLISH) is is_published
