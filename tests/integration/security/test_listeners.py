"""Every way through a lock, on the real servers: an event goes in, is scored, and stands in Redis."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from agents.errors import Exit
from tests.integration.security.keys import WAYS, kafka_keys, redis_keys
from tests.integration.serve.asking import SOON_S, get, seq
from tests.support.locked import LockedKafka, LockedRedis
from tests.support.processes import Processes, until


@pytest.mark.parametrize("way", WAYS)
def test_an_event_is_scored_and_served_through(
    way: str, processes: Processes, locked: LockedKafka, vault: LockedRedis
) -> None:
    keys = kafka_keys(locked, way) | redis_keys(vault)
    worker, serve = processes.worker(ready=False, **keys), processes.serve(ready=False, **keys)
    for running in (worker, serve):
        running.wait_ready()
    _send(processes, "weibo:1", **keys)
    until(lambda: seq(serve, "weibo:1") > 0, SOON_S, "the fan stands in Redis")
    doctor = processes.command("doctor", **keys)
    assert doctor.wait_end() == Exit.OK, doctor.words()
    assert get(serve.port, "/readyz")[0] == 200
    for running in (worker, serve):
        assert running.terminate() == Exit.OK


def _send(processes: Processes, fan: str, **keys: object) -> None:
    """Publish an event through the same door, as `fanpulse load` does."""
    event: dict[str, Any] = {
        "topic": "likes",
        "event_id": uuid4().hex,
        "brand_id": "miot",
        "fan_id": fan,
        "platform": "weibo",
    }
    event["event_time"] = int(time.time() * 1000)
    file = processes.installation.directory / "event.jsonl"
    file.write_text(json.dumps(event) + "\n")
    load = processes.command("load", str(file), **keys)
    assert load.wait_end(30) == Exit.OK, load.words()
