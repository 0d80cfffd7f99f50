"""A group of its own that begins somewhere else: its topics, and where it starts to read."""

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata
from msgspec import structs

from agents.errors import ConfigError
from agents.kafka import offsets
from agents.kafka.connection import admin
from agents.kafka.topics import create, ensure
from agents.settings import Settings


def isolated_settings(settings: Settings, group: str, output_prefix: str) -> Settings:
    """Return the settings of a group that reads the same inputs and writes elsewhere.

    >>> isolated_settings(Settings(), "next", "next-").names.fan_scores
    'next-fan-scores'

    Raises:
        ConfigError: it would write where the present group writes.
    """
    other = structs.replace(settings, group=group, output_prefix=output_prefix)
    if group == settings.group or other.names.fan_scores == settings.names.fan_scores:
        raise ConfigError("a replay needs a group and an output prefix of its own (--group, --output-prefix)")
    return other


def starts(settings: Settings, since_ms: int | None, offset: int | None) -> dict[TopicPartition, int]:
    """Return where each input partition is to be read from: a moment on the broker, an offset, or the beginning."""
    count = ensure(settings, [spec for spec in settings.names.specs() if spec.name in settings.names.public_inputs])
    places = [TopicPartition(topic, n) for topic in settings.names.public_inputs for n in range(count)]
    with admin(settings) as client:
        begins = offsets.offsets(client, places, OffsetSpec.EARLIEST)
        ends = offsets.offsets(client, places, OffsetSpec.LATEST)
        if since_ms is not None:
            found = client.list_partition_offsets(dict.fromkeys(places, since_ms))
            return {at: int(found[at].offset) if found[at].offset >= 0 else ends[at] for at in places}
    if offset is not None:
        return {at: min(max(offset, begins[at]), ends[at]) for at in places}
    return begins


def prepare(settings: Settings, at: dict[TopicPartition, int]) -> None:
    """Create the group's topics, and put it at the starts.

    Raises:
        ConfigError: the group has read something already.
    """
    create(settings)
    with admin(settings) as client:
        if offsets.committed(client, settings.group, list(at)):
            raise ConfigError(f"group {settings.group} has read something already: choose another --group")
        client.alter_group_offsets(
            settings.group, {place: OffsetAndMetadata(start, "", -1) for place, start in at.items()}
        )


def lag(settings: Settings, places: list[TopicPartition]) -> int:
    """Return how many records the group has before it."""
    with admin(settings) as client:
        done = offsets.committed(client, settings.group, places)
        ends = offsets.offsets(client, places, OffsetSpec.LATEST)
    return sum(max(ends[at] - done.get(at, 0), 0) for at in places)


def written(settings: Settings, places: list[TopicPartition]) -> int:
    """Return how far the scores of these inputs' partitions have come: the sum of their ends."""
    scores = [TopicPartition(settings.names.fan_scores, n) for n in {place.partition for place in places}]
    with admin(settings) as client:
        return sum(offsets.offsets(client, scores, OffsetSpec.LATEST).values())
