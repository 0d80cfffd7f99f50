"""What producers do wrong: they send again, and their clocks are not ours."""

import time
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer

from agents.errors import Exit
from agents.kafka.publish import key_hash
from schemas.fan import RINGS
from tests.chaos.ground.trial import Trial
from tests.ground.reading import last_views, read, unread

HOUR_MS = 3_600_000
RING = RINGS[1]  # likes that a fan's row remembers


def like(fan: str, n: int, at: int) -> dict[str, Any]:
    return {"event_id": f"{fan}-{n}", "brand_id": "miot", "fan_id": fan, "platform": "weibo", "event_time": at}


def send(trial: Trial, events: list[dict[str, Any]]) -> None:
    settings = trial.settings
    producer = Producer({"bootstrap.servers": settings.broker, "enable.idempotence": True})
    for event in events:
        key = f"{event['brand_id']}:{event['fan_id']}".encode()
        producer.produce(settings.names.inputs[0], orjson.dumps(event), key, key_hash(key) % settings.partitions)
    assert producer.flush(30) == 0
    trial.until("all is committed", lambda: not unread(settings.broker, settings.group, settings.names.inputs))


def likes(trial: Trial, fan: str) -> int:
    """Return how many likes readers know of."""
    settings = trial.settings
    views = last_views(read(settings.broker, settings.names.fan_scores))
    view = views.get(f"miot:{fan}")
    return view["counts"].get("like", 0) if view else 0


@pytest.mark.parametrize(
    "others",
    [pytest.param(0, marks=pytest.mark.full), pytest.param(RING - 2, marks=pytest.mark.full), RING],
    ids=["at once", "within a ring", "after a ring"],
)
def test_an_event_sent_again_counts_once_while_its_id_is_among_the_newest(trial: Trial, others: int) -> None:
    now, one = int(time.time() * 1000), trial.worker(0)
    send(trial, [like("f", 0, now), *(like("f", n, now) for n in range(1, others + 1))])
    trial.kill(one)  # what a row remembers outlives the worker
    trial.start(one)
    send(trial, [like("f", 0, now), like("f", 99, now)])
    wanted = others + 2 + (others >= RING)  # honest: beyond the ring it counts again
    trial.until("it is told", lambda: likes(trial, "f") >= wanted)
    assert likes(trial, "f") == wanted


@pytest.mark.parametrize("later_ms", [1_000, HOUR_MS], ids=["a second", "an hour"])
def test_an_event_sent_again_later_counts_once_whenever_it_comes(trial: Trial, later_ms: int) -> None:
    # By event time: what others did meanwhile has moved the feed's clock on. How many of his own acts lie between
    # decides, not how long ago it was.
    start, one = int(time.time() * 1000) - HOUR_MS, trial.worker(0)
    send(trial, [like("f", 0, start), *(like(f"other-{n}", 0, start + later_ms) for n in range(RING))])
    send(trial, [like("f", 0, start), like("f", 1, start + later_ms)])
    trial.until("it is told", lambda: likes(trial, "f") >= 2)
    assert likes(trial, "f") == 2
    assert one.terminate() == Exit.OK


def test_a_clock_an_hour_ahead_is_refused_and_one_behind_counts(trial: Trial) -> None:
    now = int(time.time() * 1000)
    trial.worker(0)
    send(trial, [like("ahead", 0, now + HOUR_MS), like("ahead", 1, now), like("behind", 0, now - HOUR_MS)])
    trial.until("both are told", lambda: likes(trial, "ahead") == likes(trial, "behind") == 1)
    (letter,) = read(trial.settings.broker, trial.settings.names.dead_letters)
    assert "ahead of our clock" in letter.headers["reason"]
    flags = [record.json() for record in read(trial.settings.broker, trial.settings.names.fan_flags)]
    assert not flags
