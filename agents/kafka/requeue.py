"""Dead letters back to their topics; a group of its own remembers how far that went."""

import asyncio
from collections import Counter
from typing import NamedTuple

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata

from agents.kafka import offsets
from agents.kafka.connection import admin, reader
from agents.kafka.dead_letters import DeadLetter, dead_letter
from agents.kafka.publish import Publisher, Record
from agents.kafka.reading import poll_until_end
from agents.kafka.topics import ensure
from agents.settings import Settings
from schemas.events import LONGEST

BLOCK = 5_000


class Requeued(NamedTuple):
    """How many were sent, and how many were not, by why."""

    sent: int
    left_out: dict[str, int]


def requeue(settings: Settings, reason: str, *, from_start: bool, dry_run: bool) -> Requeued:
    """Send the letters that came since the last time, or all.

    Raises:
        UnavailableError, ConfigError: the broker does not answer, or the topics are not there.
    """
    count, topic, group = ensure(settings), settings.names.dead_letters, f"{settings.group}-requeue"
    places = [TopicPartition(topic, n) for n in range(count)]
    with admin(settings) as client:
        begins = offsets.offsets(client, places, OffsetSpec.EARLIEST)
        ends = offsets.offsets(client, places, OffsetSpec.LATEST)
        done = {} if from_start else offsets.committed(client, group, places)
        starts = {at: max(begins[at], done.get(at, 0)) for at in places}
        with reader(settings) as source:
            letters = [dead_letter(one) for chunk in poll_until_end(source, starts, ends) for one in chunk.records]
        kept = [letter for letter in letters if not why_not(letter, settings, reason)]
        left_out = Counter(why for letter in letters if (why := why_not(letter, settings, reason)))
        if not dry_run:
            asyncio.run(_send(settings, kept, count))
            client.alter_group_offsets(group, {at: OffsetAndMetadata(end, "", -1) for at, end in ends.items()})
    return Requeued(len(kept), dict(left_out))


def why_not(letter: DeadLetter, settings: Settings, reason: str) -> str:
    """Return why a letter cannot be sent again; nothing if it can.

    >>> why_not(DeadLetter(0, "likes", 0, 7, "JSON is malformed", None, b"{}"), Settings(), "")
    'without_key'
    """
    if reason not in letter.reason:
        return "other_reasons"
    if letter.topic not in settings.names.inputs:
        return "of_other_topics"
    if letter.key is None:
        return "without_key"
    if letter.value is None or len(letter.value) >= LONGEST or len(letter.key) >= LONGEST:
        return "empty_or_cut"
    return ""


async def _send(settings: Settings, letters: list[DeadLetter], count: int) -> None:
    async with Publisher(settings, dict.fromkeys(settings.names.inputs, count)) as out:
        for start in range(0, len(letters), BLOCK):
            some = letters[start : start + BLOCK]
            await out.send([Record(one.topic, one.key or b"", one.value or b"") for one in some])
