"""Read what the program published, as a downstream reader does: committed records only, up to the end."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

SILENCE_S = 30.0  # of a broker, while there is more to read


class Record(NamedTuple):
    """One committed record."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]
    timestamp: int  # ms

    def json(self) -> dict[str, Any]:
        """Return the value, which must be a JSON object."""
        value = json.loads(self.value or b"")
        assert isinstance(value, dict)
        return value


@contextmanager
def consumer(bootstrap: str, group: str = "reader", isolation: str = "read_committed") -> Iterator[Consumer]:
    """Connect a reader that joins no group; ``group`` only says whose committed offsets it may ask for."""
    options: dict[str, Any] = {"bootstrap.servers": bootstrap, "group.id": group, "isolation.level": isolation}
    options |= {"enable.partition.eof": True, "enable.auto.commit": False, "fetch.max.bytes": 64 << 20}
    options["auto.offset.reset"] = "earliest"  # a broker may not know offset 0 of a topic that is just there
    client = Consumer(options)
    try:
        yield client
    finally:
        client.close()


def partitions(client: Consumer, topic: str) -> list[int]:
    """Return a topic's partitions."""
    found = client.list_topics(topic, timeout=SILENCE_S).topics[topic]
    assert found.error is None, found.error
    return sorted(found.partitions)


def read_from(client: Consumer, places: list[TopicPartition]) -> Iterator[Record]:
    """Yield each partition's committed records from its place to the end that readers see now."""
    client.assign(places)
    left = {(at.topic, at.partition) for at in places}
    last_record_at = time.monotonic()
    while left:
        messages = client.consume(5_000, timeout=0.1)
        now = time.monotonic()
        assert messages or now - last_record_at < SILENCE_S, f"nothing from {sorted(left)} for {SILENCE_S:g} s"
        last_record_at = now if messages else last_record_at
        for message in messages:
            error = message.error()
            if error is None:
                yield _record(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard((message.topic(), message.partition()))
            else:
                raise AssertionError(str(error))


def read(bootstrap: str, topic: str) -> list[Record]:
    """Return a whole topic, each partition in its order."""
    with consumer(bootstrap) as client:
        places = [TopicPartition(topic, n, OFFSET_BEGINNING) for n in partitions(client, topic)]
        return list(read_from(client, places))


def unread(bootstrap: str, group: str, topics: Iterable[str]) -> int:
    """Return how many committed records of some topics a group has not committed yet."""
    with consumer(bootstrap, group) as client:
        places = [TopicPartition(topic, n) for topic in topics for n in partitions(client, topic)]
        done = client.committed(places, timeout=SILENCE_S)
        for at in done:
            at.offset = max(at.offset, 0)  # where it never committed, it has all before it
        return sum(1 for _ in read_from(client, done))


def committed(bootstrap: str, group: str, topics: Sequence[str]) -> int:
    """Return the sum of the offsets that a group has committed."""
    with consumer(bootstrap, group) as client:
        places = [TopicPartition(topic, n) for topic in topics for n in partitions(client, topic)]
        return sum(max(at.offset, 0) for at in client.committed(places, timeout=SILENCE_S))


def written(bootstrap: str, topics: Sequence[str], isolation: str = "read_committed") -> int:
    """Return the sum of all ends, as a reader sees them: it stands still while nothing is written."""
    with consumer(bootstrap, isolation=isolation) as client:
        places = [TopicPartition(topic, n) for topic in topics for n in partitions(client, topic)]
        return sum(client.get_watermark_offsets(at, timeout=SILENCE_S)[1] for at in places)


def hidden(bootstrap: str, topic: str) -> int:
    """Return how many records of a topic readers may not see yet, for a transaction stands open before them."""
    return written(bootstrap, [topic], "read_uncommitted") - written(bootstrap, [topic])


def _record(message: Message) -> Record:
    headers = {
        name: value.decode() if isinstance(value, bytes) else value or ""
        for name, value in dict(message.headers() or []).items()
    }
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return Record(partition, offset, message.key(), message.value(), headers, message.timestamp()[1])


def last_views(records: list[Record]) -> dict[str, dict[str, Any]]:
    """Return key -> the last view of each fan; on the way, ``seq`` must grow and a fan must stay in one partition."""
    last: dict[str, tuple[int, dict[str, Any]]] = {}
    for record in records:
        key, view = (record.key or b"").decode(), record.json()
        assert key == f"{view['brand_id']}:{view['fan_id']}"
        if key in last:
            partition, before = last[key]
            assert partition == record.partition, f"{key} is in partitions {partition} and {record.partition}"
            assert view["seq"] > before["seq"], f"{key}: seq {view['seq']} behind {before['seq']}"
        last[key] = record.partition, view
    return {key: view for key, (_, view) in last.items()}
