"""Dead letters back to their topics, each once: the records and how far that went in one transaction a window."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition

from agents.kafka.connection import admin, reader
from agents.kafka.dead_letters import ReadDeadLetter, parse_dead_letter
from agents.kafka.offsets import stable_entries
from agents.kafka.publish import KeyedRecord
from agents.kafka.reading import Chunk, poll_until_end
from agents.kafka.requeue_progress import RequeueProgress
from agents.kafka.topic_ids import topic_ids
from agents.kafka.topics import ensure
from agents.kafka.transactions import POLL_RECORDS, WINDOW_FETCH_BYTES, Mark, Moved, TransactionalPublisher, windows
from agents.settings import Settings
from schemas.inputs.declaration import MAX_VALUE_BYTES as LONGEST

OTHER_REASONS = "other_reasons"


class Requeued(NamedTuple):
    """How many were sent, and how many were not, by why."""

    sent: int
    left_out: dict[str, int]


def requeue(settings: Settings, reason: str, *, from_start: bool, dry_run: bool) -> Requeued:
    """Send the dead letters that were not sent yet, in the order of each partition.

    Args:
        settings: name the broker, the topics and the group.
        reason: send those alone whose reason contains this text; a later call can send the others.
        from_start: send also those that were sent before.
        dry_run: send nothing, count what would be sent.

    Raises:
        UnavailableError: the broker does not answer; what was sent by then is remembered.
        ConfigError: the topics are missing, or Kafka does not allow it.
    """
    count = ensure(settings)
    places = [TopicPartition(settings.names.dead_letters, n) for n in range(count)]
    with reader(settings, max_poll_records=POLL_RECORDS, fetch_max_bytes=WINDOW_FETCH_BYTES) as client:
        if dry_run:
            selection = Selection(settings, reason, _remembered(settings, places), from_start=from_start)
            sent = sum(len(selection.move(chunk).records) for chunk in _chunks(client, selection))
        else:
            selection, sent = asyncio.run(_send(settings, reason, places, client, from_start=from_start))
    return Requeued(sent, dict(selection.left_out))


async def _send(
    settings: Settings, reason: str, places: list[TopicPartition], client: KafkaConsumer, *, from_start: bool
) -> tuple["Selection", int]:
    counts = dict.fromkeys(settings.names.public_inputs, len(places))
    async with TransactionalPublisher(settings, counts, group(settings)) as out:
        selection = Selection(settings, reason, _remembered(settings, places), from_start=from_start)
        for window in windows(_chunks(client, selection), selection.move):
            await out.write(window)
        return selection, out.sent


def _remembered(settings: Settings, places: list[TopicPartition]) -> "Remembered":
    topic = settings.names.dead_letters
    with admin(settings) as client:
        entries = stable_entries(client, group(settings), places)
        topic_id = topic_ids(client, [topic]).get(topic, "")
    progress = {at: RequeueProgress.parse(entry.offset, entry.metadata, topic_id) for at, entry in entries.items()}
    return Remembered(topic_id, {at: progress.get(at, RequeueProgress(0, {})) for at in places})


def _chunks(client: KafkaConsumer, selection: "Selection") -> Iterable[Chunk]:
    """Read what may have to be sent, up to where committed records end now."""
    places = list(selection.progress)
    begins, ends = client.beginning_offsets(places), client.end_offsets(places)
    starts = {at: 0 if selection.from_start else progress.offset for at, progress in selection.progress.items()}
    return poll_until_end(client, {at: max(begins[at], start) for at, start in starts.items()}, ends)


def group(settings: Settings) -> str:
    """Return the group whose offsets in dead-letters remember what was sent."""
    return f"{settings.group}-requeue"


class Remembered(NamedTuple):
    """What earlier calls did, by partition of the dead letters' topic of this id."""

    topic_id: str
    progress: dict[TopicPartition, RequeueProgress]


class Selection:
    """Which dead letters one call sends, and what is remembered with them."""

    def __init__(self, settings: Settings, reason: str, remembered: Remembered, *, from_start: bool) -> None:
        self.left_out = Counter[str]()
        self.progress = dict(remembered.progress)
        self.from_start = from_start
        self._settings, self._reason, self._topic_id = settings, reason, remembered.topic_id
        self._first_left: dict[TopicPartition, int] = {}

    def move(self, chunk: Chunk) -> Moved:
        """Choose from the next chunk of a partition."""
        at, before = chunk.partition, self.progress[chunk.partition]
        records = []
        for record in chunk.records:
            dead_letter = parse_dead_letter(record)
            done = before.is_done(record.offset, dead_letter.reason)
            if done and not self.from_start:
                continue
            why = why_not(dead_letter, self._settings, self._reason)
            if not why:
                records.append(KeyedRecord(dead_letter.topic, dead_letter.key or b"", dead_letter.value or b""))
                continue
            self.left_out[why] += 1
            if why == OTHER_REASONS and not done and not why_not(dead_letter, self._settings, ""):
                self._first_left.setdefault(at, record.offset)
        after = before.advance(self._first_left.get(at, chunk.next_offset), self._reason, chunk.next_offset)
        self.progress[at] = after
        return Moved(records, None if after == before else Mark(after.offset, after.format(self._topic_id)))


def why_not(dead_letter: ReadDeadLetter, settings: Settings, reason: str) -> str:
    """Return why a dead letter is not sent; nothing if it is.

    >>> why_not(ReadDeadLetter(0, "likes", 0, 7, "JSON is malformed", None, b"{}"), Settings(), "")
    'without_key'
    """
    if reason not in dead_letter.reason:
        return OTHER_REASONS
    if dead_letter.topic not in settings.names.public_inputs:
        return "of_other_topics"
    if dead_letter.key is None:
        return "without_key"
    if dead_letter.value is None or len(dead_letter.value) >= LONGEST or len(dead_letter.key) >= LONGEST:
        return "empty_or_cut"
    return ""
