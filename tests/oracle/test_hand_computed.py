"""The oracle itself, on cases small enough to be computed on paper."""

import pytest

from tests.integration.oracle.doubt import in_doubt
from tests.integration.oracle.fan import OracleFan
from tests.integration.oracle.formulas import DAY_MS
from tests.integration.oracle.replay import Line, replay
from tests.oracle.histories import START_MS, act


def only(history: list[Line]) -> OracleFan:
    return replay(history).fans["miot:f"]


def at(day: float) -> int:
    return START_MS + round(day * DAY_MS)


def daily_acts(days: list[int], acts: int = 20, kind: str = "like", fan: str = "f", **more: object) -> list[Line]:
    """Acts crowded at the day's begin, each gap longer than the one before: full days of no even rhythm."""
    return [act(kind, day + 1.7 ** (n - acts), fan, **more) for day in days for n in range(acts)]


def test_score_of_a_like_and_a_repost_fades_with_its_half_lives() -> None:
    fan = only([act("like", 0), act("repost", 0)])
    # day 14: talk 1 * 1/2; share 5 * 2^(-14/30) = 3.618; all 6 * 2^(-14/60) = 5.104 > 0, on brand: R = 1
    # I = 1 - 2^(-0.025) = .01718; S = 1 - 2^(-0.1809) = .11785; 100 * (.4 * .01718 + .3 * .11785) = 4.2227
    assert fan.score(at(14)) == pytest.approx(4.2227, abs=0.0005)


def test_twenty_points_of_talk_are_half_of_it() -> None:
    fan = only([act("purchase", 0), act("purchase", 0)])
    assert fan.parts(at(0))["talk"] == 0.5
    assert fan.score(at(0)) == pytest.approx(20.0)


def test_prizes_sink_the_relevance() -> None:
    fan = only([act("purchase", 0, incentivized=True), act("comment", 0)])
    assert fan.parts(at(0))["relevance"] == pytest.approx(2 * (4 + 5) / (14 + 10))


def test_unlikes_subtract_and_sums_are_clamped_when_read() -> None:
    fan = only([act("unlike", 0), act("unlike", 0), act("like", 1)])
    assert fan.score(at(1)) == 0.0
    assert fan.parts(at(1))["relevance"] == 1.0
    assert fan.counts == {"unlike": 2, "like": 1}


def test_a_doubled_event_counts_once() -> None:
    one = act("like", 0)
    replayed = replay([one, act("like", 1), one])
    assert replayed.events == 2
    assert replayed.fans["miot:f"].counts == {"like": 2}


def test_a_late_event_counts_for_what_is_left_of_it() -> None:
    soon, late = act("like", 0), act("comment", 14)
    assert only([late, soon]).score(at(20)) == only([soon, late]).score(at(20))


def test_acts_beyond_the_cap_count_but_weigh_nothing() -> None:
    fan = only(daily_acts([0], acts=25))
    assert fan.counts == {"like": 25}
    assert len(fan.talk) == 20


def test_the_cap_is_of_a_type_and_a_shanghai_day() -> None:
    fan = only(daily_acts([0], acts=21) + daily_acts([0], acts=21, kind="comment"))
    assert len(fan.talk) == 40
    evening = [act("like", -(n + 1) / 10_000) for n in reversed(range(15))]  # before midnight in Shanghai
    assert len(only(evening + daily_acts([0], acts=15)).talk) == 30


def test_an_older_day_than_the_cell_is_not_capped() -> None:
    assert len(only(daily_acts([1], acts=21) + daily_acts([0], acts=21)).talk) == 20 + 21


def test_unlikes_and_refunds_are_never_capped() -> None:
    assert len(only(daily_acts([0], acts=30, kind="refund")).talk) == 30


def test_even_likes_are_suspect_from_the_20th_gap_on() -> None:
    even = [act("like", n) for n in range(21)]
    assert not only(even[:20]).is_suspect
    assert only(even).is_suspect


def test_rhythms_of_likes_and_reposts_are_kept_apart() -> None:
    assert not only([act(kind, n) for n in range(20) for kind in ("like", "repost")]).is_suspect


def test_an_even_rhythm_is_released_above_one_half_only() -> None:
    even = [act("like", n) for n in range(21)]
    # gaps: 20 of 1 and one of 4: mean 24/21, sd .6388, CV .559; one of 3: mean 23/21, sd .426, CV .389
    assert only([*even, act("like", 23)]).is_suspect
    assert not only([*even, act("like", 24)]).is_suspect


def test_an_act_that_is_not_newer_gives_no_gap() -> None:
    likes = [act("like", n) for n in range(20)]
    assert len(only([*likes, act("like", 3), act("like", 19)]).likes.gaps) == 19


def test_five_full_days_of_seven_are_suspect_until_three_are_clean() -> None:
    full = daily_acts([0, 1, 3, 4])
    assert not only(full).is_suspect
    assert only([*full, *daily_acts([6])]).is_suspect
    assert not only([*full, *daily_acts([7])]).is_suspect
    assert only([*full, *daily_acts([6]), act("comment", 8)]).is_suspect
    assert not only([*full, *daily_acts([6]), act("comment", 9)]).is_suspect


def test_a_repost_by_another_fan_earns_a_credit() -> None:
    replayed = replay([act("repost", 0, fan="a", parent_fan_id="f"), act("show", 90, fan="b", parent_fan_id="f")])
    fan = replayed.fans["miot:f"]
    assert fan.counts == {}
    assert fan.touched == at(90)
    # c = 1/2 + 1: F = log10(2.5) / 4 = .09949
    assert fan.score(at(90)) == pytest.approx(30 * 0.09949, abs=0.001)


def test_reposting_oneself_earns_nothing() -> None:
    replayed = replay([act("repost", 0, parent_fan_id="f"), act("repost", 0)])
    assert replayed.attributions == frozenset()
    assert list(replayed.fans) == ["miot:f"]


def test_capped_reposts_earn_and_a_suspects_do_not() -> None:
    history = daily_acts([0, 1, 2, 3], acts=25, kind="repost", fan="bot", parent_fan_id="f")
    assert len(replay(history).attributions) == 100
    # the 20th act of the 5th day makes it a suspect, and is the first to earn nothing
    fifth = daily_acts([4], acts=25, kind="repost", fan="bot", parent_fan_id="f")
    assert len(replay(history + fifth).attributions) == 119


def test_order_of_topics_is_in_doubt_only_where_it_matters() -> None:
    bot = [act("like", n, fan="bot") for n in range(30)]
    early, late = (act("repost", day, fan="bot", parent_fan_id="f") for day in (10, 29))
    assert in_doubt(bot).fans == frozenset()
    doubt = in_doubt([*bot, early, late])
    assert doubt.fans == {"miot:bot", "miot:f"}
    assert doubt.reposts == {early["event_id"], late["event_id"]}


def test_sentiment_mean_begins_with_the_first_comment() -> None:
    assert only([act("comment", n, sentiment=s) for n, s in enumerate((-0.5, 0.5))]).sentiment_of == pytest.approx(-0.2)
