"""What producers do wrong: they send again, and their clocks are not ours."""

import time
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer

from agents.errors import Exit
from agents.kafka.publish import key_hash
from tests.chaos.fixtures.scenario import Make, Scenario
from tests.support.reading import last_views, read, unread

HOUR_MS = 3_600_000
IDS = 1_000  # FANPULSE_DEDUP_IDS of these scenarios: half of it is known for certain


def like(fan: str, n: int, at: int) -> dict[str, Any]:
    return {"event_id": f"{fan}-{n}", "brand_id": "miot", "fan_id": fan, "platform": "weibo", "event_time": at}


def send(scenario: Scenario, events: list[dict[str, Any]]) -> None:
    settings = scenario.settings
    producer = Producer({"bootstrap.servers": settings.broker, "enable.idempotence": True})
    for event in events:
        key = f"{event['brand_id']}:{event['fan_id']}".encode()
        producer.produce(settings.names.leading_input, orjson.dumps(event), key, key_hash(key) % settings.partitions)
    assert producer.flush(30) == 0
    scenario.until("all is committed", lambda: not unread(settings.broker, settings.group, settings.names.inputs))


def likes(scenario: Scenario, fan: str) -> int:
    """Return how many likes readers know of."""
    settings = scenario.settings
    views = last_views(read(settings.broker, settings.names.fan_scores))
    view = views.get(f"miot:{fan}")
    return view["counts"].get("like", 0) if view else 0


@pytest.mark.parametrize(
    ("others", "is_known"),
    [
        pytest.param(0, True, marks=pytest.mark.full),
        pytest.param(IDS // 2 - 1, True, marks=pytest.mark.full),
        (2 * IDS, False),
    ],
    ids=["at once", "within the window", "after the window"],
)
def test_an_event_sent_again_counts_once_while_the_window_knows_its_id(
    make: Make, others: int, *, is_known: bool
) -> None:
    scenario = make("an event sent again", PARTITIONS=1, DEDUP_IDS=IDS)
    now, one = int(time.time() * 1000), scenario.worker(0)
    send(scenario, [like("f", 0, now), *(like("f", n, now) for n in range(1, others + 1))])
    scenario.kill(one)  # the window outlives the worker
    scenario.start(one)
    send(scenario, [like("f", 0, now), like("f", -1, now)])
    wanted = others + 2 + (not is_known)
    scenario.until("it is published", lambda: likes(scenario, "f") >= wanted)
    assert likes(scenario, "f") == wanted


@pytest.mark.parametrize("later_ms", [1_000, HOUR_MS], ids=["a second", "an hour"])
def test_an_event_sent_again_later_counts_once_whenever_it_comes(scenario: Scenario, later_ms: int) -> None:
    # How many other ids came between decides, not how long ago it was.
    start, one = int(time.time() * 1000) - HOUR_MS, scenario.worker(0)
    send(scenario, [like("f", 0, start), *(like(f"other-{n}", 0, start + later_ms) for n in range(IDS))])
    send(scenario, [like("f", 0, start), like("f", 1, start + later_ms)])
    scenario.until("it is published", lambda: likes(scenario, "f") >= 2)
    assert likes(scenario, "f") == 2
    assert one.terminate() == Exit.OK


def test_a_clock_an_hour_ahead_is_refused_and_one_behind_counts(scenario: Scenario) -> None:
    now = int(time.time() * 1000)
    scenario.worker(0)
    send(scenario, [like("ahead", 0, now + HOUR_MS), like("ahead", 1, now), like("behind", 0, now - HOUR_MS)])
    scenario.until("both are published", lambda: likes(scenario, "ahead") == likes(scenario, "behind") == 1)
    (dead_letter,) = read(scenario.settings.broker, scenario.settings.names.dead_letters)
    assert "ahead of our clock" in dead_letter.headers["reason"]
    flags = [record.json() for record in read(scenario.settings.broker, scenario.settings.names.fan_flags)]
    assert not flags
