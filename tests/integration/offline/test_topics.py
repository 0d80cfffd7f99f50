"""`fanpulse fit churn --topics`: the history that the input topics hold."""

import json
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from agents.errors import ConfigError
from agents.offline.histories import read_topics
from schemas.inputs.likes import LIKES
from streams.offline.population import simulate
from tests.support.calling import call
from tests.support.installation import Installation


def test_topics_and_file_give_the_same_fit(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    history = simulate(600, 150.0, 80.0, seed=2).history()
    events = [
        {**msgspec.json.decode(record.value or b""), "topic": ("likes", "reposts")[n % 2]}
        for n, record in enumerate(history.records)
    ]
    file.write_text("\n".join(map(json.dumps, events)))
    installation.create_topics()
    assert call(installation, "load", str(file)).code == 0
    from_file = call(installation, "fit", "churn", str(file), "--json").rows
    assert call(installation, "fit", "churn", "--topics", "--json").rows == from_file
    assert from_file[0]["fans"] == 600


def test_only_committed_records_are_read(installation: Installation) -> None:
    installation.create_topics()
    settings = installation.settings()

    def begin(name: str) -> Producer:
        producer = Producer({"bootstrap.servers": settings.broker, "transactional.id": f"{settings.group}-{name}"})
        producer.init_transactions()
        producer.begin_transaction()
        for n in range(40):
            ids = {"event_id": f"{name}{n}", "fan_id": f"{name}{n}"}
            like = {"brand_id": "b", "platform": "p", "event_time": n + 1, **ids}
            producer.produce(settings.names.of(LIKES), json.dumps(like).encode(), f"b:{name}{n}".encode(), n % 4)
        producer.flush()
        return producer

    begin("committed").commit_transaction()
    begin("aborted").abort_transaction()
    unfinished = begin("open")
    try:
        keys = read_topics(settings, None)["b"].keys
        assert sorted(keys) == sorted(f"b:committed{n}".encode() for n in range(40))
    finally:
        unfinished.abort_transaction()


def test_missing_topics_are_reported_in_a_sentence(installation: Installation) -> None:
    result = call(installation, "fit", "churn", "--topics")
    assert result.code == 78
    assert "does not exist; `fanpulse topics create` creates it" in result.err


@pytest.mark.parametrize(("codec", "module"), [("lz4", "lz4"), ("snappy", "snappy"), ("zstd", "zstd")])
def test_compressed_records_without_their_codec_name_the_extra(
    codec: str, module: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.create_topics()
    settings = installation.settings()
    producer = Producer({"bootstrap.servers": settings.broker, "compression.type": codec})
    for n in range(100):
        like = {"brand_id": "b", "platform": "p", "event_id": f"{n}", "fan_id": "f", "event_time": n + 1}
        producer.produce(settings.names.of(LIKES), json.dumps(like).encode(), b"b:f", 0)
    producer.flush()
    assert len(read_topics(settings, None)["b"].records) == 100
    monkeypatch.setattr(f"kafka.codec.{module}", None)
    with pytest.raises(ConfigError, match=rf"{codec}.*fanpulse\[tools\]"):
        read_topics(settings, None)
