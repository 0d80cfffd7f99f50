"""`fanpulse fit churn --topics`: the history that the input topics hold."""

import json
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from agents.kafka.publish import key_hash
from agents.learn.topics import read_topics
from streams.trial.population import simulate
from tests.ground.calling import call
from tests.ground.installation import Installation


def test_topics_teach_what_the_file_teaches(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    lines = simulate(600, 150.0, 80.0, seed=2).history().lines
    events = [
        {**msgspec.json.decode(line.value or b""), "topic": ("likes", "reposts")[n % 2]} for n, line in enumerate(lines)
    ]
    file.write_text("\n".join(map(json.dumps, events)))
    installation.create_topics()
    assert call(installation, "load", str(file)).code == 0
    from_file = call(installation, "fit", "churn", str(file), "--json").rows
    assert call(installation, "fit", "churn", "--topics", "--json").rows == from_file
    assert from_file[0]["fans"] == 600


def test_missing_topics_are_told_in_a_sentence(installation: Installation) -> None:
    said = call(installation, "fit", "churn", "--topics")
    assert said.code == 78
    assert "does not exist; `fanpulse topics create` creates it" in said.err


def test_records_that_a_transaction_rolled_back_are_not_learned_from(installation: Installation) -> None:
    installation.create_topics()
    settings = installation.settings()
    producer = Producer({"bootstrap.servers": settings.broker, "transactional.id": f"{settings.group}-aborted"})
    producer.init_transactions(30)
    for commits, fans in ((True, 5), (False, 7)):
        producer.begin_transaction()
        for n in range(fans):
            fan = f"{'real' if commits else 'aborted'}-{n}"
            event = {"event_id": fan, "brand_id": "miot", "fan_id": fan, "platform": "weibo", "event_time": 10**12 + n}
            key = f"miot:{fan}".encode()
            producer.produce(settings.names.inputs[0], json.dumps(event).encode(), key, key_hash(key) % 4)
        producer.flush(30)
        (producer.commit_transaction if commits else producer.abort_transaction)(30)
    keys = read_topics(settings, None)["miot"].keys
    assert {key.decode().partition(":")[2] for key in keys} == {f"real-{n}" for n in range(5)}
