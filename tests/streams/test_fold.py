"""Claims about one fan: caps, suspects, credits, duplicates, tiers."""

import pytest

from schemas.events import Kind, Topic
from schemas.fan import Tier
from streams.block import decode
from streams.columns import Flag, Reason, Verdict
from streams.params import DAY, Brands, Params
from streams.partition import Partition
from streams.records.spans import Records
from tests.streams.histories import BRANDS, NEVER_FUTURE, START, daily, fan, fold, record

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def partition() -> Partition:
    return Partition(BRANDS)


def test_acts_beyond_the_cap_count_but_weigh_nothing(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(n, n * n) for n in range(30)])
    row = fan(partition)
    assert row.count[Kind.LIKE] == 30
    assert row.talk == pytest.approx(20.0, abs=1e-4)


def test_an_unlike_is_never_capped(partition: Partition) -> None:
    likes = [record(n, n) for n in range(25)]
    fold(partition, Topic.LIKES, [*likes, record(25, 30, type="unlike")])
    assert fan(partition).talk == pytest.approx(19.0, abs=1e-4)


def test_a_late_act_of_an_older_day_weighs_although_today_is_full(partition: Partition) -> None:
    today = [record(n, 3 * DAY + n) for n in range(20)]
    fold(partition, Topic.LIKES, [*today, record(20, 0)])
    assert fan(partition).talk == pytest.approx(20.0 + 2 ** (-3 / 14), abs=1e-4)


def test_the_same_id_counts_once_while_it_is_in_the_ring(partition: Partition) -> None:
    events = [record(0, 0, event_id="a"), record(1, 1, event_id="a"), record(2, 2, event_id="b")]
    block = decode(Records.of(events), Topic.LIKES, partition.fans, NEVER_FUTURE)
    partition.fold(block.events, Topic.LIKES)
    assert block.events["verdict"].tolist() == [Verdict.APPLIED, Verdict.DUPLICATE, Verdict.APPLIED]


def test_an_offset_below_the_position_is_a_replay(partition: Partition) -> None:
    events = [record(n, n) for n in range(3)]
    fold(partition, Topic.LIKES, events)
    before = fan(partition).tobytes()
    fold(partition, Topic.LIKES, events)
    assert fan(partition).tobytes() == before


def test_an_even_rhythm_is_suspect_and_an_uneven_one_is_not(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(n, n * 10 * MINUTE, fan="bot") for n in range(30)])
    fold(partition, Topic.LIKES, [record(100 + n, n * n * MINUTE, fan="human") for n in range(30)])
    assert fan(partition, "bot").suspect
    assert not fan(partition, "human").suspect


def test_five_full_days_of_seven_are_suspect_until_three_clean_days(partition: Partition) -> None:
    full = daily(Topic.LIKES, days=5, a_day=25)
    fold(partition, Topic.LIKES, full)
    assert fan(partition).suspect
    fold(partition, Topic.COMMENTS, [record(0, 8 * DAY)])
    assert not fan(partition).suspect


def test_a_suspect_is_worth_a_tenth() -> None:
    bot, human = Partition(BRANDS), Partition(Brands({}, Params(gaps_needed=250)))
    for one in (bot, human):
        fold(one, Topic.LIKES, [record(n, n * 10 * MINUTE) for n in range(30)])
    assert fan(bot).score == pytest.approx(fan(human).score / 10, rel=1e-5)


def test_a_repost_earns_for_the_other_fan_only(partition: Partition) -> None:
    own, other = record(0, 0, parent_fan_id="f"), record(1, HOUR, parent_fan_id="g")
    block = decode(Records.of([own, other, record(2, 2 * HOUR)]), Topic.REPOSTS, partition.fans, NEVER_FUTURE)
    partition.fold(block.events, Topic.REPOSTS)
    assert block.events["earns"].tolist() == [0, 1, 0]


def test_a_suspects_repost_earns_nothing(partition: Partition) -> None:
    reposts = [record(n, n * 10 * MINUTE, parent_fan_id="g") for n in range(30)]
    block = decode(Records.of(reposts), Topic.REPOSTS, partition.fans, NEVER_FUTURE)
    partition.fold(block.events, Topic.REPOSTS)
    earns = block.events["earns"].tolist()
    assert earns[:20] == [1] * 20
    assert earns[20:] == [0] * 10


def test_a_fan_known_by_credits_alone_has_influence_and_no_acts(partition: Partition) -> None:
    fold(partition, Topic.CREDITS, [record(n, n, by_fan_id="x") for n in range(9)])
    row = fan(partition)
    assert row.score == pytest.approx(100 * 0.3 * 0.25, abs=0.01)
    assert row.first_seen == row.n_days == 0


def test_tiers_turn_on_the_way_up_and_not_at_each_act(partition: Partition) -> None:
    turns = fold(partition, Topic.PURCHASES, [record(n, n) for n in range(20)])
    tiers = turns[turns["flag"] == Flag.TIER]
    assert tiers["after"].tolist() == [Tier.FAN, Tier.ACTIVE]
    assert set(tiers["reason"].tolist()) == {Reason.SCORE}


def test_one_terrible_comment_raises_the_flag_and_good_ones_clear_it(partition: Partition) -> None:
    feelings = [0.9, -0.7, 0.2, 0.9, 0.9]
    turns = fold(partition, Topic.COMMENTS, [record(n, n * n * HOUR, sentiment=s) for n, s in enumerate(feelings)])
    angry = turns[turns["flag"] == Flag.NEGATIVE]
    assert angry["after"].tolist() == [1, 0]
    assert angry["reason"].tolist() == [Reason.COMMENT, Reason.MOOD]
    assert angry["severity"].tolist() == [2, 2]
    assert len(set(angry["since"].tolist())) == 1


def test_each_episode_has_a_start_of_its_own_though_all_its_events_are_late(partition: Partition) -> None:
    fold(partition, Topic.LIKES, [record(0, 30 * DAY), record(1, 30 * DAY, fan="g")])
    feelings = [-0.9, 0.9, 0.9, -0.9, 0.9, 0.9, 0.9]
    angry = fold(partition, Topic.COMMENTS, [record(n, n * HOUR, sentiment=s) for n, s in enumerate(feelings)])
    angry = angry[angry["flag"] == Flag.NEGATIVE]
    assert angry["after"].tolist() == [1, 0, 1, 0]
    assert angry["since"].tolist() == [START, START, START + 3 * HOUR, START + 3 * HOUR]
    kinds = ["purchase", "refund", "purchase"]
    sold = [record(n, 29 * DAY + n * HOUR, fan="g", type=kind) for n, kind in enumerate(kinds)]
    tiers = fold(partition, Topic.PURCHASES, sold)
    tiers = tiers[tiers["flag"] == Flag.TIER]
    assert len(tiers) == len(set(tiers["since"].tolist())) == 3


def test_active_days_are_the_brands_calendar_days(partition: Partition) -> None:
    midnight = 16 * HOUR - START % DAY  # 00:00 in Shanghai
    fold(partition, Topic.LIKES, [record(0, midnight - 1), record(1, midnight + 1)])
    assert fan(partition).n_days == 2
