"""What is to be told of a fan, and when: at once, with the rest of a minute, or after a day of silence."""

import numpy as np
import pytest

from schemas.events import Topic
from schemas.fan import Life, Tier
from schemas.layout import Rows
from streams.block import decode
from streams.columns import Flag, Todo, Verdict
from streams.params import DAY, Brands, Params, table
from streams.partition import Partition
from streams.records.spans import Record, Records
from streams.rules.churn import limit
from tests.streams.histories import BRANDS, NEVER_FUTURE, START, daily, fan, fold, record

HOUR = 3_600_000
MONTH = 30 * DAY


@pytest.fixture
def partition() -> Partition:
    return Partition(BRANDS)


def todo(partition: Partition) -> int:
    return int(partition.fans.columns.todo[0])


def told(partition: Partition) -> None:
    """Let readers have what there is."""
    partition.fans.announced(np.arange(len(partition.fans)))


def of(turns: Rows, flag: Flag) -> Rows:
    return turns[turns["flag"] == flag]


def test_a_fan_is_told_at_once_when_first_seen_though_he_is_worth_nothing(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(0, 0, type="unlike")])
    assert fan(partition).score == 0.0
    assert todo(partition) & Todo.ANNOUNCE


@pytest.mark.parametrize(("kind", "is_down"), [("purchase", False), ("refund", True)])
def test_a_point_up_or_down_is_told_at_once(partition: Partition, kind: str, is_down: bool) -> None:
    fold(partition, Topic.PURCHASES, [record(n, n) for n in range(3)])
    told(partition)
    before = float(fan(partition).score)
    fold(partition, Topic.PURCHASES, [record(9, 9, type=kind)])
    assert (fan(partition).score < before - 1.0) if is_down else (fan(partition).score > before + 1.0)
    assert todo(partition) & Todo.ANNOUNCE


def test_less_than_a_point_waits_until_small_changes_add_up_to_one(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(n, n * n) for n in range(15)])
    told(partition)
    first = float(fan(partition).announced)
    for n in range(15, 20):
        fold(partition, Topic.LIKES, [record(n, n * n)])
        is_far = abs(float(fan(partition).score) - first) >= 1.0
        assert bool(todo(partition) & Todo.ANNOUNCE) is is_far
        assert todo(partition) & Todo.SETTLE
        assert todo(partition) & Todo.RECORD
    assert is_far


def test_seq_counts_the_changes_of_a_row_and_nothing_else(partition: Partition) -> None:
    seen = []
    for topic, one in [
        (Topic.LIKES, record(0, 0)),
        (Topic.LIKES, record(1, 0, event_id="e0")),  # a repeat
        (Topic.LIKES, record(0, 0)),  # a replay
        (Topic.COMMENTS, record(0, HOUR)),
        (Topic.CREDITS, record(0, 2 * HOUR, by_fan_id="x")),
        (Topic.COMMENTS, record(1, 1)),  # late
    ]:
        fold(partition, topic, [one])
        seen.append(int(fan(partition).seq))
    assert seen == [1, 1, 1, 2, 3, 4]
    fold(partition, Topic.PURCHASES, [record(0, MONTH + DAY, fan="other")])
    turns = of(partition.tick(START + MONTH + DAY, set(), most=9), Flag.CHURN)
    assert (turns["seq"].tolist(), int(fan(partition).seq)) == ([5], 5)


def test_as_of_is_the_newest_moment_that_touched_him(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(0, HOUR), record(1, 0)])
    assert (fan(partition).as_of, fan(partition).last_seen, fan(partition).first_seen) == (
        START + HOUR, START + HOUR, START,
    )  # fmt: skip
    fold(partition, Topic.CREDITS, [record(0, DAY, by_fan_id="x")])
    assert (fan(partition).as_of, fan(partition).last_seen) == (START + DAY, START + HOUR)


def test_an_hour_behind_his_newest_is_late_and_counts(partition: Partition) -> None:
    events = [record(0, DAY), record(1, DAY - HOUR), record(2, DAY - HOUR - 1)]
    block = decode(Records.of(events), Topic.LIKES, partition.fans, NEVER_FUTURE)
    partition.fold(block.events, Topic.LIKES)
    assert block.events["verdict"].tolist() == [Verdict.APPLIED, Verdict.APPLIED, Verdict.LATE]
    assert fan(partition).count[0] == 3


def influential(partition: Partition) -> None:
    """Give fan f a reach of more than a half, for months."""
    fold(partition, Topic.CREDITS, [record(n, 0, by_fan_id=f"x{n}") for n in range(200)])


@pytest.mark.parametrize(("feelings", "severity"), [([-0.6], 2), ([-0.4, -0.4, -0.4], 1)])
def test_who_reaches_many_or_is_core_is_one_worse(partition: Partition, feelings: list[float], severity: int) -> None:
    comments = [record(n, n, sentiment=s) for n, s in enumerate(feelings)]
    plain, core = Partition(BRANDS), Partition(BRANDS)
    influential(partition)
    fold(core, Topic.LIKES, [record(0, 0)])
    core.fans.columns.rows["share"][0] = core.fans.columns.rows["credit"][0] = 80.0
    core.fans.columns.rows["talk"][0], core.fans.columns.rows["tier"][0] = 60.0, Tier.CORE
    found = [
        of(fold(one, Topic.COMMENTS, comments), Flag.NEGATIVE)["severity"].tolist() for one in (plain, partition, core)
    ]
    assert fan(core).tier == Tier.CORE
    assert found == [[severity], [severity + 1], [severity + 1]]


def test_leaving_is_one_worse_for_who_reaches_many_and_churned_worse_than_at_risk(partition: Partition) -> None:
    plain, found = Partition(BRANDS), []
    influential(partition)
    for one in (plain, partition):
        fold(one, Topic.LIKES, daily(Topic.LIKES, 20))
        turns = []
        for day in range(20, 60):
            fold(one, Topic.PURCHASES, [record(day, day * DAY, fan="other")])
            turns.append(one.tick(START + day * DAY, set(), most=9))
        found.append(of(np.concatenate(turns), Flag.CHURN))
    assert [turns["after"].tolist() for turns in found] == [[Life.AT_RISK, Life.CHURNED]] * 2
    assert [turns["severity"].tolist() for turns in found] == [[1, 2], [2, 3]]


def test_an_episode_of_leaving_begins_at_its_deadline_however_late_it_is_told(partition: Partition) -> None:
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 20))
    p = table([Params()])[0]
    deadline = limit(fan(partition), p.alive_at_risk, p)
    fold(partition, Topic.PURCHASES, [record(0, 40 * DAY, fan="other")])
    (turn,) = of(partition.tick(START + 40 * DAY, set(), most=9), Flag.CHURN)
    assert (turn["since"], turn["at"]) == (deadline, START + 40 * DAY)
    assert deadline < START + 30 * DAY


def test_who_fades_by_many_points_within_a_day_is_told_after_the_day() -> None:
    partition = Partition(Brands({}, others=Params(talk_half_life=0.5)))
    fold(partition, Topic.PURCHASES, [record(n, n) for n in range(4)])
    told(partition)
    seen = []
    for hour in range(1, 30):
        fold(partition, Topic.LIKES, [record(hour, hour * HOUR, fan="other")])
        partition.tick(START + hour * HOUR, set(), most=9)
        seen.append(bool(todo(partition) & Todo.ANNOUNCE))
    assert seen.index(True) == 24  # the 25th hour, for the last purchase was 3 ms after START


def test_what_was_not_told_before_a_takeover_is_told_after_it(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(n, n * n) for n in range(15)])
    told(partition)
    keys, values = partition.fans.records()
    calm = Record(0, 0, keys.at(0), values.at(0))
    fold(partition, Topic.LIKES, [record(15, 225)])
    keys, values = partition.fans.records()
    for changelog, is_told in (([calm], False), ([calm, Record(1, 0, keys.at(0), values.at(0))], True)):
        heir = Partition(BRANDS)
        heir.fans.restore(Records.of(changelog))
        assert bool(todo(heir) & Todo.ANNOUNCE) is is_told
