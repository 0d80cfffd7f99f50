"""A day's work on a real installation: how far behind, is it right, what was refused, score it again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from confluent_kafka import Producer

from agents.errors import Exit
from agents.kafka.publish import key_hash
from schemas.inputs.likes import LIKES
from schemas.outputs import applied_offsets
from streams.fans.model import MODEL
from tests.support.calling import call
from tests.support.datasets import SAMPLE, mixed, write
from tests.support.installation import Installation
from tests.support.processes import Processes, until
from tests.support.reading import last_views, read, unread

FANS = 60
SKIPPED = 50  # records of each partition
SHARES = {"airline": 0.5, "bots": 1.0, "mall": 0.02}


@pytest.fixture
def scored(installation: Installation, processes: Processes, tmp_path: Path) -> Installation:
    """An installation that has scored a few thousand real events; its worker has stopped."""
    installation.create_topics()
    assert set(SHARES) <= set(SAMPLE)
    write(mixed(SHARES), tmp_path / "history.jsonl")
    one = processes.worker(0)
    assert call(installation, "load", str(tmp_path / "history.jsonl")).code == Exit.OK
    wait(installation)
    assert one.terminate() == Exit.OK
    return installation


def wait(installation: Installation) -> None:
    settings = installation.settings()
    inputs = list(settings.names.inputs)
    until(lambda: not unread(settings.broker, settings.group, inputs), 60, "all is committed")


def printed(installation: Installation, *words: str, code: int = 0) -> Any:
    result = call(installation, *words, "--json")
    assert result.code == code, result.err
    return json.loads(result.out)


def test_lag_counts_what_is_yet_to_be_scored(scored: Installation) -> None:
    assert [row["lag"] for row in printed(scored, "lag")] == [0] * 5
    settings = scored.settings()
    send(scored, settings.names.of(LIKES), b"miot:weibo:1", b"{}", 2)
    rows = printed(scored, "lag", "--partitions")
    assert [(row["topic"], row["partition"]) for row in rows if row["lag"]] == [(settings.names.of(LIKES), 2)]


def test_verify_finds_nothing_where_nothing_is_wrong(scored: Installation) -> None:
    found = printed(scored, "verify", "--fans", str(FANS))
    assert found["found"] == []
    assert found["fans"] == FANS
    assert found["events"] > FANS


def test_verify_finds_a_row_that_counted_an_event_twice(scored: Installation) -> None:
    names = scored.settings().names
    records = read(scored.settings().broker, names.changelog("fans"))
    last = {
        record.key: record for record in records if record.value and record.key != applied_offsets.APPLIED_OFFSETS_KEY
    }
    for record in last.values():
        row = np.frombuffer(record.value or b"", MODEL.dtype).copy()
        row["count_like"] += 1
        send(scored, names.changelog("fans"), record.key, row.tobytes(), record.partition)
    found = printed(scored, "verify", "--fans", str(FANS), code=Exit.FAILED)
    assert {one["field"] for one in found["found"]} == {"count_like"}
    assert len(found["found"]) == FANS


def test_a_dead_letter_is_sent_again_once(scored: Installation, processes: Processes) -> None:
    names = scored.settings().names
    act = {"event_id": "late-1", "brand_id": "miot", "fan_id": "weibo:1", "platform": "weibo", "event_time": 1}
    key, value = b"miot:weibo:1", json.dumps(act).encode()
    home = key_hash(key) % 4
    send(scored, names.of(LIKES), key, value, (home + 1) % 4)
    send(scored, names.of(LIKES), key, b"no JSON", home)
    processes.worker(0)
    wait(scored)
    assert printed(scored, "dlq", "requeue", "--reason", "partition", "--dry-run") == {
        "would_send": 1,
        "other_reasons": 1,
    }
    assert printed(scored, "dlq", "requeue", "--reason", "partition") == {"sent": 1, "other_reasons": 1}
    assert printed(scored, "dlq", "requeue", "--reason", "partition") == {"sent": 0, "other_reasons": 1}
    assert printed(scored, "dlq", "requeue") == {"sent": 1}, "what --reason left"
    wait(scored)
    until(lambda: counts(scored, "miot:weibo:1") == {"like": 1}, 30, "it counts")


def test_a_replay_scores_the_same_beside_what_runs(scored: Installation) -> None:
    before = last_views(read(scored.settings().broker, scored.settings().names.fan_scores))
    group = f"{scored.settings().group}-again"
    options = ("--group", group, "--output-prefix", f"{group}-")
    planned = printed(scored, "replay", *options, "--dry-run")
    done = printed(scored, "replay", *options)
    assert done["events"] == planned["would_read"] > 0
    again = last_views(read(scored.settings().broker, done["scores"]))
    assert again.keys() >= {key for key, view in before.items() if view["counts"]}
    assert all(again[key]["counts"] == before[key]["counts"] for key in again.keys() & before.keys())
    refused = call(scored, "replay", *options)
    assert refused.code == Exit.CONFIG
    assert "has read something already" in refused.err


def test_a_replay_begins_at_an_offset_or_at_a_moment(scored: Installation) -> None:
    settings = scored.settings()
    names, group = settings.names, f"{settings.group}-late"
    inputs = [record for topic in names.public_inputs for record in read(settings.broker, topic)]
    late = [record for record in inputs if record.offset >= SKIPPED]
    assert 0 < len(late) < len(inputs)
    options = ("--group", group, "--output-prefix", f"{group}-")
    done = printed(scored, "replay", *options, "--offset", str(SKIPPED))
    views = last_views(read(settings.broker, done["scores"]))
    assert done["events"] == len(late)
    once = {record.json()["event_id"] for record in late}
    assert sum(sum(view["counts"].values()) for view in views.values()) == len(once)

    dry_run = ("--group", f"{group}r", "--output-prefix", f"{group}r-", "--dry-run")
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)  # on the command line there are no halves
    assert printed(scored, "replay", *dry_run, "--since", f"{moment:%Y-%m-%dT%H:%M:%S}")["would_read"] == 0
    until(lambda: datetime.now(UTC) > moment, 10, "the moment is over")
    send(scored, names.of(LIKES), b"miot:weibo:1", b"{}", 0)
    assert printed(scored, "replay", *dry_run, "--since", f"{moment:%Y-%m-%dT%H:%M:%S}")["would_read"] == 1
    assert printed(scored, "replay", *dry_run, "--since", "2020-01-01")["would_read"] == len(inputs) + 1


def send(installation: Installation, topic: str, key: bytes | None, value: bytes, at: int) -> None:
    producer = Producer({"bootstrap.servers": installation.settings().broker})
    producer.produce(topic, value, key, at)
    assert producer.flush(30) == 0


def counts(installation: Installation, key: str) -> object:
    settings = installation.settings()
    views = last_views(read(settings.broker, settings.names.fan_scores))
    return views.get(key, {}).get("counts")
