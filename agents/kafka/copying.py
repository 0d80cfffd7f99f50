"""Copy the input topics to others with another partition count: each record goes where its key belongs there."""

import asyncio
from collections import Counter
from typing import NamedTuple

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata
from msgspec import structs

from agents.errors import ConfigError
from agents.kafka import offsets
from agents.kafka.connection import admin
from agents.kafka.publish import Publisher, Record
from agents.kafka.reading import Offsets, records
from agents.kafka.topics import ensure
from agents.settings import Settings
from schemas.topics import INPUTS

WINDOW = 20_000  # records of a partition between two notes of how far it is: what an interrupted copy repeats at most
BLOCK = 5_000


class Copied(NamedTuple):
    """How many records were copied, by topic, and how many could not be, for they have no key or no value."""

    sent: dict[str, int]
    left_out: int


def copy(settings: Settings, to_prefix: str) -> Copied:
    """Copy what came since the last copy to the same place, in the order of each partition.

    Raises:
        ConfigError: topics are missing there or here, or both places are one.
        UnavailableError: the broker does not answer, or does not take the records.
    """
    there = structs.replace(settings, topic_prefix=to_prefix)
    if there.names.inputs == settings.names.inputs:
        raise ConfigError("the topics to copy to must have another prefix than FANPULSE_TOPIC_PREFIX")
    count, wanted = _partitions(settings), _partitions(there)
    group = f"{settings.group}-copy-to-{to_prefix}"
    places = [TopicPartition(topic, n) for topic in settings.names.inputs for n in range(count)]
    with admin(settings) as client:
        begins = offsets.offsets(client, places, OffsetSpec.EARLIEST)
        ends = offsets.offsets(client, places, OffsetSpec.LATEST)
        done = offsets.committed(client, group, places)
        at = {place: max(begins[place], done.get(place, 0)) for place in places}
        sent, left_out = Counter[str](), 0
        while any(at[place] < ends[place] for place in places):
            stops = {place: min(ends[place], at[place] + WINDOW) for place in places}
            left_out += asyncio.run(_copy(settings, there, at, stops, wanted, sent))
            client.alter_group_offsets(group, {place: OffsetAndMetadata(stop, "", -1) for place, stop in stops.items()})
            at = stops
    return Copied({name: sent[there.topic_prefix + name] for name in INPUTS}, left_out)


def _partitions(settings: Settings) -> int:
    return ensure(settings, [spec for spec in settings.names.specs() if spec.name in settings.names.inputs])


async def _copy(
    settings: Settings, there: Settings, starts: Offsets, stops: Offsets, count: int, sent: Counter[str]
) -> int:
    names, left_out, block = dict(zip(settings.names.inputs, there.names.inputs, strict=True)), 0, []
    async with Publisher(there, dict.fromkeys(there.names.inputs, count)) as out:
        for record in records(settings, starts, stops):
            if record.key is None or record.value is None:
                left_out += 1
                continue
            block.append(Record(names[record.topic], record.key, record.value))
            if len(block) == BLOCK:
                await out.send(block)
                sent.update(one.topic for one in block)
                block = []
        await out.send(block)
        sent.update(one.topic for one in block)
    return left_out
