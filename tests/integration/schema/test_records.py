"""What a real worker writes is as the contract says, and what the contract refuses the worker refuses."""

import json
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from jsonschema import Draft202012Validator

from agents.kafka.publish import key_hash
from schemas.contract.schema import KEY_EXAMPLE
from schemas.inputs import INPUTS
from schemas.inputs.lookup import public
from tests.support.calling import call
from tests.support.installation import Installation
from tests.support.processes import Processes, until
from tests.support.reading import Record, read

EXAMPLES = {source.name: source.examples for source in public(INPUTS)}
ROOT = Path(__file__).parents[3]
BAD: dict[str, dict[str, object]] = {
    "likes": {"event_time": "noon"},
    "reposts": {"depth": 0},
    "comments": {"text": 7},
    "purchases": {"currency": ""},
}


def document(topic: str) -> Any:
    return json.loads((ROOT / "docs" / "contract" / f"{topic}.schema.json").read_bytes())


def records(installation: Installation, topic: str) -> list[Record]:
    return read(installation.given["BROKER"], installation.given["TOPIC_PREFIX"] + topic)


def test_what_a_worker_writes_is_as_the_released_files_say(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    processes.worker()
    assert call(installation, "simulate", "--fans", "60", "--rate", "200", "--count", "1200").code == 0
    kinds: set[str] = set()

    def enough() -> bool:
        kinds.update(record.json()["kind"] for record in records(installation, "fan-flags"))
        return kinds == {"churn", "negative", "tier"}

    until(enough, 60, lambda: f"flags of every kind; there are {sorted(kinds)}")
    for topic in ("fan-scores", "fan-flags"):
        result = document(topic)
        judge, found = Draft202012Validator(result), records(installation, topic)
        assert len(found) > 50
        for record in found:
            judge.validate(record.json())
            assert Draft202012Validator({"type": "string", "pattern": result["x-topic"]["key_pattern"]}).is_valid(
                (record.key or b"").decode()
            )
        assert not judge.is_valid(found[0].json() | {"score": 100.5}), "a record that is not ours"
    for topic in ("likes", "reposts", "comments", "purchases"):
        judge = Draft202012Validator(document(topic))
        for record in records(installation, topic)[:500]:
            judge.validate(record.json())


def test_a_worker_takes_the_examples_and_refuses_what_the_files_refuse(
    installation: Installation, processes: Processes
) -> None:
    installation.create_topics()
    producer = Producer({"bootstrap.servers": installation.given["BROKER"], "partitioner": "murmur2_random"})
    now = time.time_ns() // 1_000_000
    for topic, hostile in BAD.items():
        judge = Draft202012Validator(document(topic))
        for event in EXAMPLES[topic]:
            for record in (event | {"event_time": now}, event | {"event_time": now} | hostile):
                assert judge.is_valid(record) == (
                    record.get("event_time") == now and not hostile.items() <= record.items()
                )
                name = installation.given["TOPIC_PREFIX"] + topic
                producer.produce(name, json.dumps(record), KEY_EXAMPLE, key_hash(KEY_EXAMPLE.encode()) % 4)
    assert producer.flush(30) == 0
    processes.worker()
    until(lambda: _done(installation), 60, "everything is scored or refused")
    dead_letters, head = records(installation, "dead-letters"), document("dead-letters")["x-topic"]["headers"]
    assert len(dead_letters) == sum(len(EXAMPLES[topic]) for topic in BAD)
    for dead_letter in dead_letters:
        assert set(dead_letter.headers) == set(head)
        for name, value in dead_letter.headers.items():
            Draft202012Validator(head[name]).validate(value)
    ours = [record for record in records(installation, "fan-scores") if record.key == KEY_EXAMPLE.encode()]
    counts = ours[-1].json()["counts"]
    assert counts == {"like": 1, "repost": 1, "comment": 1, "review": 1, "purchase": 1}


def _done(installation: Installation) -> bool:
    lag = sum(row["lag"] for row in call(installation, "lag", "--json").rows)
    return not lag and any(record.key == KEY_EXAMPLE.encode() for record in records(installation, "fan-scores"))
