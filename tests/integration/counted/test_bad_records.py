"""Bad records of every kind: each reaches dead-letters with its reason, and its good neighbours count."""

import json
import time
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, Message, Producer
from kafka.partitioner.default import murmur2

from agents.settings import Settings
from tests.integration.counted.proof import wait_published
from tests.integration.oracle.compare import differences
from tests.integration.oracle.replay import key_of, replay
from tests.support.processes import Processes
from tests.support.reading import last_views
from tests.support.reading import read as read_topic

NOW_MS = int(time.time() * 1000)
HOUR_MS = 3_600_000
CUT = 65_536  # bytes of a value that a dead letter keeps


class Bad(NamedTuple):
    """A record that breaks a rule, and a word that its reason must have."""

    value: bytes | None
    word: str
    key: bytes | None = None  # None: as it must be
    elsewhere: int = 0  # partitions away from the key's own


class Sent(NamedTuple):
    """Where a record went, and what it was."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def event(fan: str, n: int, **changes: object) -> dict[str, Any]:
    one: dict[str, Any] = {
        "topic": "likes",
        "type": "like",
        "event_id": f"{fan}-{n}",
        "brand_id": "miot",
        "fan_id": fan,
    }
    one |= {"platform": "weibo", "event_time": NOW_MS - HOUR_MS + n} | changes
    return {name: value for name, value in one.items() if value is not ...}


def raw(fan: str, **changes: object) -> bytes:
    return json.dumps(event(fan, 1, **changes)).encode()


def bad(fan: str) -> dict[str, Bad]:
    """Return the kinds of bad records, all of one fan."""
    return {
        "broken JSON": Bad(raw(fan)[:-9], "truncated"),
        "no object": Bad(b"[1, 2]", "object"),
        "missing field": Bad(raw(fan, platform=...), "platform"),
        "wrong type": Bad(raw(fan, event_time="yesterday"), "event_time"),
        "too long a name": Bad(raw(fan, event_id="e" * 65), "event_id"),
        "empty": Bad(b"", "empty"),
        "null": Bad(None, "null"),
        "not UTF-8": Bad(raw(fan, post_id="p1").replace(b"p1", b"\xff\xfe"), "utf-8"),
        "1 MB": Bad(raw(fan, padding="x" * 1_000_000), "bytes"),
        "future": Bad(raw(fan, event_time=NOW_MS + HOUR_MS), "ahead"),
        "wrong partition": Bad(raw(fan), "partition", elsewhere=1),
        "unknown type": Bad(raw(fan, type="superlike"), "superlike"),
        "another's key": Bad(raw(fan), "key", key=b"miot:somebody-else"),
    }


def home(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's Java client would choose."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class MixedProducer:
    """A producer that says where each record went."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.client = Producer({"bootstrap.servers": self.settings.broker, "message.max.bytes": 2_000_000})
        self.sent: list[Sent] = []

    def send(self, key: bytes, value: bytes | None, partition: int) -> Sent:
        self.client.produce(self.settings.names.leading_input, value, key, partition, on_delivery=self._done)
        assert self.client.flush(30) == 0
        return self.sent[-1]

    def _done(self, error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        self.sent.append(Sent(topic, partition, offset, message.key(), message.value()))


def test_bad_records_reach_dead_letters_and_their_neighbours_count(
    broker_processes: Processes,
) -> None:
    worker = broker_processes.worker()
    settings = broker_processes.installation.settings()
    producer, good, refused = MixedProducer(settings), [], {}
    for fan in ("f1", "f2", "f3"):
        own = f"miot:{fan}".encode()
        for n, (kind, record) in enumerate(bad(fan).items()):
            before, after = event(fan, 10 * n + 2), event(fan, 10 * n + 3)
            good += [before, after]
            key, count = record.key or own, settings.partitions
            producer.send(own, json.dumps(before).encode(), home(own, count))
            sent = producer.send(key, record.value, (home(key, count) + record.elsewhere) % count)
            refused[sent.topic, sent.partition, sent.offset] = (f"{kind} of {fan}", record.word, sent)
            producer.send(own, json.dumps(after).encode(), home(own, count))
    wait_published(broker_processes, [worker], within=60)

    dead_letters = read_topic(settings.broker, settings.names.dead_letters)
    headers = [dead_letter.headers for dead_letter in dead_letters]
    found = {(header["topic"], int(header["partition"]), int(header["offset"])): header["reason"] for header in headers}
    assert {what for place, (what, _, _) in refused.items() if place not in found} == set()
    assert len(dead_letters) == len(found) == len(refused)
    for dead_letter in dead_letters:
        header = dead_letter.headers
        what, word, sent = refused[header["topic"], int(header["partition"]), int(header["offset"])]
        assert word in header["reason"].lower(), f"{what}: {header['reason']}"
        assert dead_letter.key == sent.key, what
        assert dead_letter.value == (sent.value if sent.value is None else sent.value[:CUT]), what
        assert dead_letter.partition == sent.partition, what
    views = last_views(read_topic(settings.broker, settings.names.fan_scores))
    assert differences(views, replay(good).fans) == []
    assert views.keys() == {key_of(event) for event in good}
