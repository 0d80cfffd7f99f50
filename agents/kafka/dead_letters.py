"""Read the newest dead letters."""

from typing import Any

from kafka import KafkaConsumer, TopicPartition
from msgspec import Struct

from agents.errors import ConfigError
from agents.kafka.connection import reader
from agents.kafka.reading import poll_until_end
from agents.settings import Settings

DEAD_LETTER_POLL_RECORDS = 5_000
NUMBERS = ("partition", "offset")  # headers that hold numbers


class ReadDeadLetter(Struct, frozen=True):
    """A refused record: what it was, and where it came from."""

    at: int  # refused, ms since the epoch
    topic: str
    partition: int
    offset: int
    reason: str
    key: bytes | None
    value: bytes | None


def newest(settings: Settings, limit: int) -> list[ReadDeadLetter]:
    """Return the newest dead letters of all partitions, newest first.

    Raises:
        ConfigError: the topic does not exist.
        UnavailableError: no broker answers.
    """
    topic = settings.names.dead_letters
    with reader(settings, max_poll_records=DEAD_LETTER_POLL_RECORDS) as client:
        numbers = client.partitions_for_topic(topic)
        if not numbers:
            raise ConfigError(f"topic {topic} does not exist; `fanpulse topics create` creates it")
        found = _tails(client, [TopicPartition(topic, n) for n in sorted(numbers)], limit)
    return sorted(found, key=lambda dead_letter: (dead_letter.at, dead_letter.offset), reverse=True)[:limit]


def _tails(client: KafkaConsumer, partitions: list[TopicPartition], limit: int) -> list[ReadDeadLetter]:
    """Return each partition's last dead letters; markers and aborted records take offsets, so it may read again."""
    begins, ends = client.beginning_offsets(partitions), client.end_offsets(partitions)
    out, window = [], 2 * limit
    while partitions:
        starts = {at: max(begins[at], ends[at] - window) for at in partitions}
        found = _between(client, starts, ends)
        done = [at for at in partitions if len(found[at]) >= limit or starts[at] == begins[at]]
        out += [dead_letter for at in done for dead_letter in found[at][-limit:]]
        partitions = [at for at in partitions if at not in done]
        window *= 4
    return out


def _between(
    client: KafkaConsumer, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> dict[TopicPartition, list[ReadDeadLetter]]:
    """Return the dead letters of some partitions from their starts up to their ends."""
    found: dict[TopicPartition, list[ReadDeadLetter]] = {at: [] for at in starts}
    for chunk in poll_until_end(client, starts, {at: ends[at] for at in starts}):
        found[chunk.partition] += map(parse_dead_letter, chunk.records)
    return found


def parse_dead_letter(record: Any) -> ReadDeadLetter:
    """Read a record of the topic; a header that is missing or not a number does not hide the record."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    partition, offset = (int(headers.get(name, "")) if headers.get(name, "").isdecimal() else -1 for name in NUMBERS)
    return ReadDeadLetter(
        record.timestamp,
        headers.get("topic", "?"),
        partition,
        offset,
        headers.get("reason", "?"),
        record.key,
        record.value,
    )
