"""Read the newest dead letters."""

import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from msgspec import Struct

from agents.errors import ConfigError, UnavailableError
from agents.kafka.connection import REQUEST_S, reader
from agents.settings import Settings

POLL_MS = 100
PLACE = ("partition", "offset")  # headers that hold numbers


class DeadLetter(Struct, frozen=True):
    """A refused record: what it was, and where it came from."""

    at: int  # refused, ms since the epoch
    topic: str
    partition: int
    offset: int
    reason: str
    key: bytes | None
    value: bytes | None


def newest(settings: Settings, limit: int) -> list[DeadLetter]:
    """Return the newest dead letters of all partitions, newest first.

    Raises:
        ConfigError: the topic does not exist.
        UnavailableError: no broker answers.
    """
    topic = settings.names.dead_letters
    with reader(settings, isolation_level="read_committed", fetch_max_wait_ms=POLL_MS) as client:
        numbers = client.partitions_for_topic(topic)
        if not numbers:
            raise ConfigError(f"topic {topic} does not exist; `fanpulse topics create` creates it")
        found = _tails(client, [TopicPartition(topic, n) for n in sorted(numbers)], limit)
    return sorted(found, key=lambda letter: (letter.at, letter.offset), reverse=True)[:limit]


def _tails(client: KafkaConsumer, partitions: list[TopicPartition], limit: int) -> list[DeadLetter]:
    """Return each partition's last letters; markers and aborted records are offsets too, so it may take another go."""
    begins, ends = client.beginning_offsets(partitions), client.end_offsets(partitions)
    out, window = [], 2 * limit
    while partitions:
        starts = {at: max(begins[at], ends[at] - window) for at in partitions}
        found = between(client, starts, ends)
        done = [at for at in partitions if len(found[at]) >= limit or starts[at] == begins[at]]
        out += [letter for at in done for letter in found[at][-limit:]]
        partitions = [at for at in partitions if at not in done]
        window *= 4
    return out


def between(
    client: KafkaConsumer, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> dict[TopicPartition, list[DeadLetter]]:
    """Return the letters of some partitions from their starts up to their ends."""
    client.assign(list(starts))
    for at, start in starts.items():
        client.seek(at, start)
    found: dict[TopicPartition, list[DeadLetter]] = {at: [] for at in starts}
    deadline = time.monotonic() + REQUEST_S
    while any(client.position(at) < ends[at] for at in starts):
        if time.monotonic() > deadline:
            raise UnavailableError("the broker does not hand out the dead letters up to their end")
        for at, records in client.poll(timeout_ms=POLL_MS).items():
            deadline = time.monotonic() + REQUEST_S
            found[at] += [_letter(record) for record in records if record.offset < ends[at]]
    return found


def _letter(record: Any) -> DeadLetter:
    """Read the headers; one that is not there or not a number is no reason to show nothing."""
    said = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    partition, offset = (int(said.get(name, "")) if said.get(name, "").isdecimal() else -1 for name in PLACE)
    return DeadLetter(
        record.timestamp, said.get("topic", "?"), partition, offset, said.get("reason", "?"), record.key, record.value
    )
