"""Applied offsets next to committed ones: up to where the rows contain each input, and what the group says about it."""

from collections.abc import Mapping, Sequence

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from agents.errors import ConfigError
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import reader
from agents.kafka.offsets import committed_entries, offsets
from agents.kafka.reading import poll_until_end
from agents.settings import Settings
from schemas.outputs.applied_offsets import APPLIED_OFFSETS_KEY, AppliedOffsets, decode

TAIL_RECORDS = 512  # offsets before the end that are read first; each transaction writes the record again
APPLIED_POLL_RECORDS = 5_000

Applied = Mapping[int, AppliedOffsets]


class InputPosition(Struct, frozen=True):
    """One partition of one input: where its records begin and end, and how far the group is."""

    topic: str
    partition: int
    begin: int  # the oldest record that retention has kept
    applied: int | None  # the next offset whose effect is not in the rows; None: the rows contain none of the input
    committed: int | None  # what the group has committed; None: nothing
    end: int  # the next record that will be written
    is_by_hand: bool  # the committed offset carries no metadata of ours

    @property
    def is_overruled(self) -> bool:
        """Whether the committed offset was set by hand and has no effect, because the applied one wins.

        >>> InputPosition("likes", 0, 0, 7, 3, 9, True).is_overruled
        True
        >>> InputPosition("likes", 0, 0, None, 3, 9, True).is_overruled
        False
        """
        return self.is_by_hand and self.applied is not None and self.committed != self.applied


def input_positions(client: KafkaAdminClient, settings: Settings, counts: Mapping[str, int]) -> list[InputPosition]:
    """Return the position in every partition of some inputs, which are given with their partition counts.

    Raises:
        ConfigError, UnavailableError: the changelog cannot be read.
    """
    places = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
    # Committed offsets first: a worker that commits meanwhile must not look as if someone had set them back.
    entries = committed_entries(client, settings.group, places)
    applied = read_applied(client, settings, sorted({place.partition for place in places}))
    begins = offsets(client, places, OffsetSpec.EARLIEST)
    ends = offsets(client, places, OffsetSpec.LATEST)
    return [position(settings, at, (begins[at], ends[at]), applied.get(at.partition), entries.get(at)) for at in places]


def position(
    settings: Settings,
    at: TopicPartition,
    bounds: tuple[int, int],
    applied: AppliedOffsets | None,
    entry: OffsetAndMetadata | None,
) -> InputPosition:
    """Return the position of one partition; ``bounds`` are the begin and the end of its records."""
    own = None if applied is None else applied.inputs.get(settings.names.inputs[at.topic].number)
    return InputPosition(
        topic=at.topic,
        partition=at.partition,
        begin=bounds[0],
        applied=None if own is None else own.offset,
        committed=None if entry is None else int(entry.offset),
        end=bounds[1],
        is_by_hand=entry is not None and CommitMetadata.parse(entry.metadata) is None,
    )


def read_applied(client: KafkaAdminClient, settings: Settings, partitions: Sequence[int]) -> dict[int, AppliedOffsets]:
    """Return the newest record of applied offsets of each partition that has one, from the fans changelog.

    All is read up to the high watermarks: a transaction that a worker left open is waited for, as a restore does.

    Raises:
        ConfigError: a record cannot be read by this version.
        UnavailableError: the broker does not return it.
    """
    topic = settings.names.changelog("fans")
    places = [TopicPartition(topic, n) for n in partitions]
    begins = offsets(client, places, OffsetSpec.EARLIEST)
    ends = offsets(client, places, OffsetSpec.LATEST)
    with reader(settings, max_poll_records=APPLIED_POLL_RECORDS) as consumer:
        values = newest_values(consumer, begins, ends, APPLIED_OFFSETS_KEY)
    try:
        return {at.partition: decode(value) for at, value in values.items()}
    except ValueError as error:
        raise ConfigError(f"{topic} contains applied offsets that this version cannot read: {error}") from None


def newest_values(
    consumer: KafkaConsumer, begins: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int], key: bytes | None
) -> dict[TopicPartition, bytes]:
    """Return the value of the newest record with a key, by partition; it is looked for from the end backwards."""
    found: dict[TopicPartition, bytes] = {}
    missing, tail = [at for at, end in ends.items() if begins[at] < end], TAIL_RECORDS
    while missing:
        starts = {at: max(begins[at], ends[at] - tail) for at in missing}
        for chunk in poll_until_end(consumer, starts, {at: ends[at] for at in missing}):
            for record in chunk.records:
                if record.key == key and record.value is not None:
                    found[chunk.partition] = record.value
        missing = [at for at in missing if at not in found and starts[at] > begins[at]]
        tail *= 16
    return found
