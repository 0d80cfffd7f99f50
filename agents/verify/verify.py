"""The steps: a sample from the changelog, the records that readers have, then all inputs up to the applied offsets."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kafka import IsolationLevel, TopicPartition
from kafka.admin import OffsetSpec

from agents.errors import ConfigError
from agents.kafka import offsets as kafka_offsets
from agents.kafka.connection import admin
from agents.kafka.reading import records
from agents.kafka.topics import ensure
from agents.settings import Settings
from agents.verify.compare import Difference, align, published, rows
from agents.verify.recompute import recompute
from agents.verify.sample import newest
from schemas.inputs.declaration import MAX_CLOCK_AHEAD_MS, Input
from schemas.outputs import applied_offsets
from schemas.outputs.applied_offsets import AppliedOffsets
from streams.decode.decoder import Sentiment
from streams.fans.model import MODEL, Model
from streams.fans.params import Brands
from streams.task import Task
from streams.wire.records import ByteSlices, Records

NOTHING_LEFT = 1 << 60  # ms: retention took all that was there


class Verdict(NamedTuple):
    """What came of it."""

    fans: int  # computed again and compared
    left_out: int  # of the sample: retention took some of their records, or the moment of reading decides
    events: int  # of all fans in the partitions of the sample
    differences: list[Difference]


class Sample(NamedTuple):
    """The sampled fans of one partition: newest changelog record by key, and the applied offsets of those rows."""

    partition: int
    fans: dict[bytes, Any]
    applied: AppliedOffsets


class InputHistory:
    """The records of one partition of an input up to the applied offset; they are read while somebody iterates.

    ``first_timestamp`` is that of the oldest record, ms, ``NOTHING_LEFT`` while there was none.
    """

    def __init__(self, settings: Settings, at: TopicPartition, begin: int, end: int) -> None:
        self.settings, self.at, self.begin, self.end = settings, at, begin, max(begin, end)
        self.first_timestamp = NOTHING_LEFT

    def __iter__(self) -> Iterator[Any]:
        for record in records(self.settings, {self.at: self.begin}, {self.at: self.end}):
            self.first_timestamp = min(self.first_timestamp, record.timestamp)
            yield record

    @property
    def complete_since(self) -> int:
        """The moment, ms, after which retention has removed nothing; known once all is read."""
        return self.first_timestamp if self.begin else -MAX_CLOCK_AHEAD_MS


def verify(
    settings: Settings, brands: Brands, sentiment: Sentiment | None, fans: int, seed: int, model: Model = MODEL
) -> Verdict:
    """Sample fans from the changelog, compute their partitions again, and compare.

    The changelog says up to which offset its rows contain each input, in the transaction that wrote them. So the
    comparison is exact while workers score.

    Raises:
        ConfigError: there is nothing to verify, or the changelog is not one that this version reads.
        UnavailableError: no broker answers.
    """
    count = ensure(settings)
    samples = _samples(settings, count, fans, seed)
    keys = {key for sample in samples for key in sample.fans}
    scores = {
        record.key: record.value for record in _all(settings, settings.names.fan_scores, count) if record.key in keys
    }
    done, events, differences = 0, 0, list[Difference]()
    for sample in samples:
        owned = (sample.partition, count)
        old, fresh = (Task(model, brands, owned, settings.dedup_ids) for _ in range(2))
        _restore(old, sample, settings)
        inputs = _histories(settings, sample, model)
        found = recompute(fresh, inputs, list(sample.fans), sentiment)
        events += found.events
        complete_since = max(one.complete_since for source, one in inputs.items() if not source.is_internal)
        has_attributions = not any(one.begin for source, one in inputs.items() if source.is_internal)
        for key in sample.fans:
            place = _place(old, key)
            first_seen = int(old.fans.columns.rows["first_seen"][place])
            if key in found.undecided or first_seen - MAX_CLOCK_AHEAD_MS <= complete_since:
                continue
            done += 1
            differences += _compare(old, fresh, key, scores.get(key), has_attributions=has_attributions)
        for (key, _, event), n in found.attributed.items():
            if n > 1:
                differences.append(Difference(key.decode(), "attribution", f"{event} {n} times", "once"))
    return Verdict(done, len(keys) - done, events, differences)


def _compare(
    old: Task, fresh: Task, key: bytes, value: bytes | None, *, has_attributions: bool
) -> Iterable[Difference]:
    """Return the differences of one fan; a fan without an event has no row in the fresh task but an empty one."""
    place, other = _place(old, key), _place(fresh, key)
    row = old.fans.columns.rows[place]
    if not int(fresh.fans.columns.rows["seq"][other]):
        return [Difference(key.decode(), "row", "in the changelog", "no event of this fan")]
    align(old, place, fresh, other)
    return [
        *rows(key, row, fresh.fans.columns.rows[other], has_attributions=has_attributions),
        *published(key, row, value, (fresh, other), has_attributions=has_attributions),
    ]


def _place(task: Task, key: bytes) -> int:
    return int(task.fans.find(ByteSlices.of([key]))[0])


def _samples(settings: Settings, count: int, fans: int, seed: int) -> list[Sample]:
    """Return the sample by partition; fans whose newest record is a tombstone are not in it."""
    topic, applied = settings.names.changelog("fans"), dict[int, AppliedOffsets]()
    kept = newest(_without_offsets(_all(settings, topic, count, stable=True), applied), fans, seed)
    samples: dict[int, dict[bytes, Any]] = {}
    for key, record in kept.items():
        if record.value is not None:
            samples.setdefault(record.partition, {})[key] = record
    if not samples:
        raise ConfigError(f"topic {topic} is empty: nothing to verify")
    if missing := samples.keys() - applied.keys():
        raise ConfigError(f"topic {topic}: partitions {sorted(missing)} hold fans and no applied offsets")
    return [Sample(number, found, applied[number]) for number, found in sorted(samples.items())]


def _without_offsets(changelog: Iterable[Any], applied: dict[int, AppliedOffsets]) -> Iterator[Any]:
    """Yield the records of fans; the newest applied offsets go to ``applied``, by partition."""
    for record in changelog:
        if record.key != applied_offsets.APPLIED_OFFSETS_KEY:
            yield record
        elif record.value is not None:
            applied[record.partition] = applied_offsets.decode(record.value)


def _all(settings: Settings, topic: str, count: int, *, stable: bool = False) -> Iterator[Any]:
    """Yield all committed records of a topic as it is now.

    Args:
        settings: name the broker.
        topic: which one.
        count: its partitions.
        stable: end where the oldest open transaction begins, so that no transaction is read in part.
    """
    places = [TopicPartition(topic, n) for n in range(count)]
    level = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
    with admin(settings) as client:
        begins = kafka_offsets.offsets(client, places, OffsetSpec.EARLIEST)
        found = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST), isolation_level=level)
        ends = {at: int(found[at].offset) for at in places}
    return records(settings, begins, ends)


def _restore(task: Task, sample: Sample, settings: Settings) -> None:
    try:
        task.restore("fans", Records.of(sample.fans.values()))
    except ValueError as error:
        raise ConfigError(f"{settings.names.changelog('fans')}, partition {sample.partition}: {error}") from None


def _histories(settings: Settings, sample: Sample, model: Model) -> dict[Input, InputHistory]:
    names = {source: topic for topic, source in settings.names.inputs.items()}
    places = {source: TopicPartition(names[source], sample.partition) for source in model.inputs if source in names}
    with admin(settings) as client:
        begins = kafka_offsets.offsets(client, list(places.values()), OffsetSpec.EARLIEST)
    ends = {number: applied.offset for number, applied in sample.applied.inputs.items()}
    return {source: InputHistory(settings, at, begins[at], ends.get(source.number, 0)) for source, at in places.items()}
