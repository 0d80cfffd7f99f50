"""The demo as events: all of them good, repeatable, in the order of time, at the rate asked for."""

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from agents.demo.personas import Persona
from agents.demo.population import DemoFan, Plan, members
from agents.demo.traffic import DemoEvent, Traffic
from schemas.inputs import INPUTS
from schemas.inputs.declaration import Act
from schemas.inputs.lookup import public

NOW = 1_795_377_062_584
PLAN = Plan(seed=7, now=NOW, history_days=120, fans=100, run=0)
DECODERS = {source.name: msgspec.json.Decoder(source.record) for source in public(INPUTS)}


def silence(repeats: int, span: float) -> float:
    return 5.0 + 0.1 * span - 0.01 * repeats


def traffic(plan: Plan = PLAN, rate: float = 50.0, burst: bool = True) -> Traffic:
    return Traffic(plan, "miot", rate=rate, burst=burst, silence=silence)


def live(of: Traffic, seconds: int) -> list[DemoEvent]:
    list(of.history())
    return [event for step in range(1, seconds * 10 + 1) for event in of.until(of.plan.now + step * 100)]


def relative(event: DemoEvent, now: int) -> dict[str, Any]:
    """An event without what must differ between two starts: its id, and what is named by the calendar."""
    left_out = {"event_id", "post_id", "order_id"}
    fields = {name: value for name, value in event.fields.items() if name not in left_out}
    return fields | {"event_time": event.fields["event_time"] - now}


@pytest.mark.parametrize("run", [0, 1_795_377])
def test_every_event_is_one_that_the_worker_takes(run: int) -> None:
    of = traffic(PLAN._replace(run=run))
    events = [*of.history(), *live(of, 60)]
    for event in events:
        act = DECODERS[event.topic].decode(msgspec.json.encode(event.fields))
        assert isinstance(act, Act)
        assert act.brand_id == "miot"
        assert act.parent_fan_id != act.fan_id
        assert act.event_time <= NOW + 60_000
    assert len({event.fields["event_id"] for event in events}) == len(events)
    required = {source.name for source in public(INPUTS) if source.is_required}
    assert required <= {event.topic for event in events}


def test_the_same_seed_makes_the_same_history_whatever_the_time() -> None:
    later = NOW + 123_456_789
    first, again = list(traffic().history()), list(traffic().history())
    assert first == again
    moved = list(traffic(PLAN._replace(now=later)).history())
    assert [relative(event, NOW) for event in first] == [relative(event, later) for event in moved]


def test_another_seed_makes_another_history() -> None:
    one, other = (traffic(PLAN._replace(seed=seed)).history() for seed in (7, 8))
    assert next(one).fields["event_time"] != next(other).fields["event_time"]


def test_the_past_comes_in_the_order_of_time_and_ends_now() -> None:
    times = [event.fields["event_time"] for event in traffic().history()]
    assert all(a <= b for a, b in pairwise(times))
    assert NOW - 86_400_000 < times[-1] <= NOW


def test_live_events_come_in_order_within_their_step() -> None:
    of = traffic()
    list(of.history())
    sent_until = NOW
    for step in range(1, 100):
        times = [event.fields["event_time"] for event in of.until(NOW + step * 100)]
        assert times == sorted(times)
        assert all(sent_until <= at <= NOW + step * 100 for at in times)
        sent_until = NOW + step * 100


@pytest.mark.parametrize("rate", [5.0, 200.0])
def test_live_events_come_at_the_rate_asked_for(rate: float) -> None:
    assert len(live(traffic(rate=rate, burst=False), 60)) == pytest.approx(60 * rate, rel=0.02, abs=2)


def test_a_sale_multiplies_the_rate_and_brings_buyers() -> None:
    of = traffic()
    list(of.history())
    before = of.until(NOW + 29_900)
    during = of.until(NOW + 59_900)
    assert len(during) > 3 * len(before)
    bought = [event for event in during if event.topic == "purchases"]
    assert len(bought) > 0.3 * len(during)
    assert all(event.fields["campaign_id"] == "flash-sale" for event in bought[:10])


def test_someone_is_angry_within_seconds_and_some_are_made_good() -> None:
    events = live(traffic(rate=1.0), 90)
    angry = [e for e in events if e.fields.get("sentiment", 0.0) <= -0.6]
    assert angry[0].fields["event_time"] < NOW + 10_000
    assert {e.fields["lang"] for e in angry} == {"zh", "en"}
    first = angry[0].fields["fan_id"]
    after = [e for e in events if e.fields["fan_id"] == first and e.fields.get("sentiment", 0.0) > 0.5]
    assert after


def test_a_newcomer_rises_within_the_first_minute() -> None:
    crew = {member.fan_id for member in members(PLAN)}
    acts = Counter(event.fields["fan_id"] for event in live(traffic(burst=False), 60))
    fan_id, n = max(((fan_id, n) for fan_id, n in acts.items() if fan_id not in crew), key=lambda item: item[1])
    assert n >= 14, fan_id


def test_a_later_run_brings_new_leavers_and_no_second_past() -> None:
    run = NOW // 1000
    past = list(traffic(PLAN._replace(run=run)).history())
    first = {member.fan_id for member in members(PLAN)}
    new = {member.fan_id for member in members(PLAN._replace(run=run)) if member.name is Persona.LEAVER}
    assert {event.fields["fan_id"] for event in past} == new
    assert not new & first


def test_without_history_nothing_happened_before() -> None:
    assert list(traffic(PLAN._replace(history_days=0)).history()) == []


def test_a_small_cast_still_plays() -> None:
    small = PLAN._replace(fans=20)
    assert DemoFan("weibo:10000", Persona.LURKER) in members(small)
    assert live(traffic(small), 30)
