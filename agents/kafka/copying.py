"""Copy the input topics to others with another partition count: each record goes where its key belongs there."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from msgspec import structs

from agents.errors import ConfigError
from agents.kafka.commit_metadata import format_fields, parse_fields
from agents.kafka.connection import admin, reader
from agents.kafka.offsets import stable_entries
from agents.kafka.publish import KeyedRecord
from agents.kafka.reading import Chunk, poll_until_end
from agents.kafka.topic_ids import topic_ids
from agents.kafka.topics import ensure
from agents.kafka.transactions import POLL_RECORDS, WINDOW_FETCH_BYTES, Mark, Moved, TransactionalPublisher, windows
from agents.settings import Settings


class Copied(NamedTuple):
    """How many records were copied, by topic, and how many were not, because they have no key or no value."""

    sent: dict[str, int]
    left_out: int
    started_over: list[str]  # topics copied from the beginning: either side was created again since the last copy


def copy(settings: Settings, to_prefix: str) -> Copied:
    """Copy what came since the last copy to the same place, in the order of each partition.

    Raises:
        ConfigError: topics are missing there or here, or both places are one.
        UnavailableError: the broker does not answer; what was copied by then is remembered.
    """
    there = structs.replace(settings, topic_prefix=to_prefix)
    if there.names.public_inputs == settings.names.public_inputs:
        raise ConfigError("the topics to copy to must have another prefix than FANPULSE_TOPIC_PREFIX")
    count, wanted = _partitions(settings), _partitions(there)
    places = [TopicPartition(topic, n) for topic in settings.names.public_inputs for n in range(count)]
    with reader(settings, max_poll_records=POLL_RECORDS, fetch_max_bytes=WINDOW_FETCH_BYTES) as client:
        task = _copy(settings, there, places, dict.fromkeys(there.names.public_inputs, wanted), client)
        return asyncio.run(task)


def _partitions(settings: Settings) -> int:
    return ensure(settings, [spec for spec in settings.names.specs() if spec.name in settings.names.public_inputs])


async def _copy(
    settings: Settings, there: Settings, places: list[TopicPartition], counts: dict[str, int], client: KafkaConsumer
) -> Copied:
    sent = Counter[str]()
    group = f"{settings.group}-copy-to-{there.topic_prefix}"
    targets = dict(zip(settings.names.public_inputs, there.names.public_inputs, strict=True))
    async with TransactionalPublisher(there, counts, group) as out:
        with admin(settings) as asked:
            copying = Copying(targets, _identities(asked, targets))
            done, started_over = copying.remembered(asked, group, places)
        for window in windows(_chunks(client, places, done), copying.move):
            await out.write(window)
            sent.update(record.topic for record in window.records)
    return Copied(
        {source.name: sent[name] for name, source in there.names.public_inputs.items()}, copying.left_out, started_over
    )


def _identities(client: KafkaAdminClient, targets: dict[str, str]) -> dict[str, str]:
    """Return the metadata to commit with each topic's offsets: from which topic to which it was copied."""
    ids = topic_ids(client, [*targets, *targets.values()])
    return {name: format_fields({"topic": ids.get(name, ""), "to": ids.get(to, "")}) for name, to in targets.items()}


def _chunks(client: KafkaConsumer, places: list[TopicPartition], done: dict[TopicPartition, int]) -> Iterable[Chunk]:
    begins, ends = client.beginning_offsets(places), client.end_offsets(places)
    return poll_until_end(client, {at: max(begins[at], done.get(at, 0)) for at in places}, ends)


class Copying:
    """What becomes of each record, and what is remembered with it."""

    def __init__(self, targets: dict[str, str], identities: dict[str, str]) -> None:
        self.left_out = 0
        self._targets, self._identities = targets, identities

    def remembered(
        self, client: KafkaAdminClient, group: str, places: list[TopicPartition]
    ) -> tuple[dict[TopicPartition, int], list[str]]:
        """Return how far earlier copies went, and the topics of which that is void: one side was created again."""
        entries = stable_entries(client, group, places)
        void = {at for at, entry in entries.items() if not self._is_same(at.topic, entry.metadata)}
        done = {at: int(entry.offset) for at, entry in entries.items() if at not in void}
        return done, sorted({at.topic for at in void})

    def move(self, chunk: Chunk) -> Moved:
        """Address the next chunk of a partition."""
        target = self._targets[chunk.partition.topic]
        records = [
            KeyedRecord(target, record.key, record.value)
            for record in chunk.records
            if record.key is not None and record.value is not None
        ]
        self.left_out += len(chunk.records) - len(records)
        return Moved(records, Mark(chunk.next_offset, self._identities[chunk.partition.topic]))

    def _is_same(self, topic: str, metadata: str) -> bool:
        """Compare the ids that both know."""
        then, now = parse_fields(metadata), parse_fields(self._identities[topic])
        return all(then[side] == now[side] for side in then.keys() & now.keys())
