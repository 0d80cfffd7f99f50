"""The steps: committed offsets first, then the changelog, then all that the sampled fans did up to there."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
import numpy as np
from kafka import TopicPartition
from kafka.admin import OffsetSpec

from agents.errors import ConfigError
from agents.kafka import offsets as kafka_offsets
from agents.kafka.connection import admin
from agents.kafka.reading import Offsets, records
from agents.kafka.topics import ensure
from agents.settings import Settings
from agents.verify.compare import Difference, rows, view
from agents.verify.recompute import recompute
from agents.verify.sample import newest
from schemas.events import AHEAD_MS, Topic
from schemas.fan import FAN
from schemas.outputs import FanScore
from streams.block import Sentiment
from streams.params import Brands
from streams.records.spans import Texts
from streams.state.layouts import present

read_score = msgspec.json.Decoder(FanScore).decode


class Verdict(NamedTuple):
    """What came of it."""

    fans: int  # worked out anew and compared
    left_out: int  # of the sample: retention took some of their records, or the hour they were read decides
    events: int
    differences: list[Difference]


class Ground(NamedTuple):
    """Where everything stands, asked before anything is read."""

    partitions: int
    begins: Offsets
    committed: dict[TopicPartition, int]
    ends: Offsets


def verify(settings: Settings, brands: Brands, sentiment: Sentiment | None, fans: int, seed: int) -> Verdict:
    """Sample fans from the changelog, fold their records anew, and compare.

    A row says up to which offset it has applied each topic; beside that all below the committed offsets must be in it.
    So the comparison is exact while workers score.
    """
    names = settings.names
    ground = _survey(settings)
    kept = newest(_all(settings, names.changelog, ground), fans, seed)
    if not kept:
        raise ConfigError(f"topic {names.changelog} is empty: nothing to verify")
    old = {key: _row(record) for key, record in kept.items()}
    homes = {key: record.partition for key, record in kept.items()}
    told = {record.key: record for record in _all(settings, names.fan_scores, _survey(settings)) if record.key in kept}
    queues, since = _histories(settings, ground, old, homes)
    differences: list[Difference] = []
    done = events = 0
    for key, row in old.items():
        own, home = queues[key], homes[key]
        fresh = recompute(key, own, brands, (home, ground.partitions), sentiment)
        if fresh.is_open or int(row.first_seen) - AHEAD_MS <= since[home]:
            continue
        done, events = done + 1, events + sum(map(len, own.values()))
        whole = not ground.begins[TopicPartition(names.credits, home)]
        code = brands.code(key.partition(b":")[0].decode())
        if fresh.row is None:
            differences.append(Difference(key.decode(), "row", "in the changelog", "no event of this fan"))
        else:
            differences += rows(key, row, fresh.row, brands.rows[code], credits_whole=whole)
        differences += view(key, row, read_score(told[key].value) if key in told else None)
        differences += _twice(key, own.get(Topic.CREDITS, ()))
    return Verdict(done, len(old) - done, events, differences)


def _survey(settings: Settings) -> Ground:
    count, names = ensure(settings), settings.names
    topics = (*names.inputs, names.credits, names.changelog, names.fan_scores)
    places = [TopicPartition(topic, n) for topic in topics for n in range(count)]
    with admin(settings) as client:
        committed = kafka_offsets.committed(client, settings.group, places)
        begins = kafka_offsets.offsets(client, places, OffsetSpec.EARLIEST)
        return Ground(count, begins, committed, kafka_offsets.offsets(client, places, OffsetSpec.LATEST))


def _all(settings: Settings, topic: str, ground: Ground) -> Iterable[Any]:
    ends = {at: end for at, end in ground.ends.items() if at.topic == topic}
    return (record for record in records(settings, ground.begins, ends) if record.value is not None)


def _row(record: Any) -> Any:
    try:
        return np.frombuffer(present(Texts.of([record.value])).data.tobytes(), FAN)[0]
    except ValueError as error:
        raise ConfigError(f"{record.topic}, offset {record.offset}: {error}") from None


def _histories(
    settings: Settings, ground: Ground, old: dict[bytes, Any], homes: dict[bytes, int]
) -> tuple[dict[bytes, dict[Topic, list[Any]]], dict[int, int]]:
    """Return each fan's records by topic, and per partition the moment from which on nothing is missing."""
    names = settings.names
    topics = {name: Topic(i) for i, name in enumerate((*names.inputs, names.credits))}
    places = [at for at in ground.ends if at.topic in topics and at.partition in set(homes.values())]
    queues: dict[bytes, dict[Topic, list[Any]]] = {key: defaultdict(list) for key in old}
    since: dict[int, int] = dict.fromkeys(homes.values(), -AHEAD_MS)
    seen: set[TopicPartition] = set()
    for record in records(settings, ground.begins, {at: ground.ends[at] for at in places}):
        at, topic = TopicPartition(record.topic, record.partition), topics[record.topic]
        if at not in seen:
            seen.add(at)
            if ground.begins[at] and topic != Topic.CREDITS:
                since[at.partition] = max(since[at.partition], record.timestamp)
        row = old.get(record.key)
        if row is not None and record.offset < max(ground.committed.get(at, 0), int(row.position[topic])):
            queues[record.key][topic].append(record)
    for at in places:
        if ground.begins[at] and at not in seen and topics[at.topic] != Topic.CREDITS:
            since[at.partition] = 1 << 60  # all that was there is gone
    return queues, since


def _twice(key: bytes, credits: Iterable[Any]) -> list[Difference]:
    told = Counter(msgspec.json.decode(record.value)["event_id"] for record in credits)
    return [Difference(key.decode(), "credit", f"{name} {n} times", "once") for name, n in told.items() if n > 1]
