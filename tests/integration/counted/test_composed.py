"""A worker that is given another model runs it from end to end: input, row, flag, sparse store, on a real Kafka."""

import asyncio
import json
import time
from pathlib import Path

from agents.kafka.publish import KeyedRecord as Event
from agents.kafka.publish import Publisher
from schemas.topics import Names
from tests.streams.model import reminders
from tests.streams.model.composed import TEST_MODEL
from tests.support.processes import Processes, until
from tests.support.reading import last_views, read

SOON_S = 60.0
COMPILE_S = 600.0  # the kernels of this model, when no test before compiled them
FAN = "weibo:1"


def test_an_input_a_rule_and_a_store_of_a_given_model_work_in_a_worker(
    broker_processes: Processes, tmp_path: Path
) -> None:
    parameters = tmp_path / "parameters.toml"
    parameters.write_text("[brands.miot]\npings_needed = 2\n", encoding="utf-8")
    settings = broker_processes.installation.settings()
    names = Names(settings.topic_prefix, settings.topic_prefix, settings.group, TEST_MODEL.inputs)
    worker = broker_processes.worker(ready=False, module=("tests.streams.model.worker",), PARAMS=parameters)
    worker.wait_ready(COMPILE_S)

    now = int(time.time() * 1000)
    topic = f"{settings.topic_prefix}test-pings"
    event = {"brand_id": "miot", "fan_id": FAN, "platform": "weibo"}
    key = f"miot:{FAN}".encode()
    pings = [
        Event(topic, key, json.dumps({**event, "event_id": f"p{n}", "event_time": now - 2000 + n}).encode())
        for n in (0, 1, 1)  # the last one is a repeat
    ]

    async def send() -> None:
        async with Publisher(settings, {topic: settings.partitions}) as out:
            await out.send(pings)

    asyncio.run(send())
    until(lambda: bool(read(settings.broker, names.fan_flags)), SOON_S, worker.words)
    until(lambda: bool(read(settings.broker, names.changelog(reminders.NAME))), SOON_S, worker.words)
    (flag,) = [record.json() for record in read(settings.broker, names.fan_flags)]
    assert (flag["kind"], flag["from"], flag["state"], flag["evidence"]["event_id"]) == (
        "test-pinged", "quiet", "pinged", "p1",
    )  # fmt: skip
    until(lambda: bool(read(settings.broker, names.fan_scores)), SOON_S, worker.words)
    view = last_views(read(settings.broker, names.fan_scores))[f"miot:{FAN}"]
    assert (view["test"], view["counts"]) == ({"pings": 2}, {"test_ping": 2})
    assert worker.terminate() == 0
