"""Claims about one fan: caps, suspects, attribution, repeats, tiers."""

import pytest

from schemas.inputs import ATTRIBUTION, COMMENTS, LIKES, PURCHASES, REPOSTS
from streams.rules import sentiment, tier
from streams.rules.rule import DAY, Outcome
from streams.rules.tier import Tier
from streams.task import Task
from tests.streams.histories import START, apply, brands, daily, fan, new_task, process, record, tuned

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def task() -> Task:
    return new_task()


def test_acts_beyond_the_cap_count_but_weigh_nothing(task: Task) -> None:
    process(task, LIKES, [record(n, n * n) for n in range(30)])
    row = fan(task)
    assert row.count_like == 30
    assert row.talk == pytest.approx(20.0, abs=1e-4)


def test_an_unlike_is_never_capped(task: Task) -> None:
    likes = [record(n, n) for n in range(25)]
    process(task, LIKES, [*likes, record(25, 30, type="unlike")])
    assert fan(task).talk == pytest.approx(19.0, abs=1e-4)


def test_a_late_act_of_an_older_day_weighs_although_today_is_full(task: Task) -> None:
    today = [record(n, 3 * DAY + n) for n in range(20)]
    process(task, LIKES, [*today, record(20, 0)])
    assert fan(task).talk == pytest.approx(20.0 + 2 ** (-3 / 14), abs=1e-4)


def test_the_same_id_counts_once_while_it_is_in_the_dedup_window(task: Task) -> None:
    events = [record(0, 0, event_id="a"), record(1, 1, event_id="a"), record(2, 2, event_id="b")]
    found = apply(task, LIKES, events)
    assert found.events["outcome"].tolist() == [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.APPLIED]
    assert fan(task).count_like == 2


def test_an_even_rhythm_is_suspect_and_an_uneven_one_is_not(task: Task) -> None:
    process(task, LIKES, [record(n, n * 10 * MINUTE, fan="bot") for n in range(30)])
    process(task, LIKES, [record(100 + n, n * n * MINUTE, fan="human") for n in range(30)])
    assert fan(task, "bot").suspect
    assert not fan(task, "human").suspect


def test_five_full_days_of_seven_are_suspect_until_three_clean_days(task: Task) -> None:
    full = daily(days=5, a_day=25)
    process(task, LIKES, full)
    assert fan(task).suspect
    process(task, COMMENTS, [record(0, 8 * DAY)])
    assert not fan(task).suspect


def test_a_suspect_is_worth_a_tenth() -> None:
    bot, human = new_task(), new_task(of=brands(miot=tuned(gaps_needed=250)))
    for one in (bot, human):
        process(one, LIKES, [record(n, n * 10 * MINUTE) for n in range(30)])
    assert fan(bot).score == pytest.approx(fan(human).score / 10, rel=1e-5)


def test_a_repost_gives_influence_to_the_other_fan_only(task: Task) -> None:
    own, other = record(0, 0, parent_fan_id="f"), record(1, HOUR, parent_fan_id="g")
    found = apply(task, REPOSTS, [own, other, record(2, 2 * HOUR)])
    assert found.events["emits_attribution"].tolist() == [0, 1, 0]


def test_a_suspects_repost_gives_no_influence(task: Task) -> None:
    reposts = [record(n, n * 10 * MINUTE, parent_fan_id="g") for n in range(30)]
    emits = apply(task, REPOSTS, reposts).events["emits_attribution"].tolist()
    assert emits[:20] == [1] * 20
    assert emits[20:] == [0] * 10


def test_a_fan_known_by_attribution_alone_has_influence_and_no_acts(task: Task) -> None:
    process(task, ATTRIBUTION, [record(n, n, by_fan_id="x") for n in range(9)])
    row = fan(task)
    assert row.score == pytest.approx(100 * 0.3 * 0.25, abs=0.01)
    assert row.first_seen == row.n_days == 0


def test_tiers_change_on_the_way_up_and_not_at_each_act(task: Task) -> None:
    transitions = process(task, PURCHASES, [record(n, n) for n in range(20)])
    tiers = transitions[transitions["flag"] == tier.FLAG]
    assert tiers["after"].tolist() == [Tier.FAN, Tier.ACTIVE]
    assert set(tiers["reason"].tolist()) == {tier.BY_SCORE}


def test_one_terrible_comment_raises_the_flag_and_good_ones_clear_it(task: Task) -> None:
    sentiments = [0.9, -0.7, 0.2, 0.9, 0.9]
    transitions = process(task, COMMENTS, [record(n, n * n * HOUR, sentiment=s) for n, s in enumerate(sentiments)])
    angry = transitions[transitions["flag"] == sentiment.FLAG]
    assert angry["after"].tolist() == [1, 0]
    assert angry["reason"].tolist() == [sentiment.BY_COMMENT, sentiment.BY_MEAN]
    assert angry["severity"].tolist() == [2, 2]
    assert len(set(angry["since"].tolist())) == 1


def test_each_episode_has_a_start_of_its_own_though_all_its_events_are_late(task: Task) -> None:
    process(task, LIKES, [record(0, 30 * DAY), record(1, 30 * DAY, fan="g")])
    sentiments = [-0.9, 0.9, 0.9, -0.9, 0.9, 0.9, 0.9]
    angry = process(task, COMMENTS, [record(n, n * HOUR, sentiment=s) for n, s in enumerate(sentiments)])
    angry = angry[angry["flag"] == sentiment.FLAG]
    assert angry["after"].tolist() == [1, 0, 1, 0]
    assert angry["since"].tolist() == [START, START, START + 3 * HOUR, START + 3 * HOUR]
    kinds = ["purchase", "refund", "purchase"]
    sold = [record(n, 29 * DAY + n * HOUR, fan="g", type=kind) for n, kind in enumerate(kinds)]
    tiers = process(task, PURCHASES, sold)
    tiers = tiers[tiers["flag"] == tier.FLAG]
    assert len(tiers) == len(set(tiers["since"].tolist())) == 3


def test_active_days_are_the_brands_calendar_days(task: Task) -> None:
    midnight = 16 * HOUR - START % DAY  # 00:00 in Shanghai
    process(task, LIKES, [record(0, midnight - 1), record(1, midnight + 1)])
    assert fan(task).n_days == 2
