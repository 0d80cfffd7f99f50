"""One partition computed again: its inputs, merged by event time as a worker merges them, through a new task."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from schemas.inputs.declaration import MAX_CLOCK_AHEAD_MS, Input
from streams.decode.decoder import FUTURE, DecodedBatch, Sentiment, decode
from streams.task import Task
from streams.wire.json_lines import event_time
from streams.wire.records import Records

CHUNK = 500  # records of an input that are merged as one
NEVER_FUTURE = 1 << 60  # ms


class Recomputed(NamedTuple):
    """What came of a partition.

    ``undecided`` are keys with a record so far ahead of its timestamp that the moment of reading decides whether it
    counts. ``attributed`` counts the attributions of sampled fans by (key, fan who reposted, event id).
    """

    events: int
    undecided: set[bytes]
    attributed: Counter[tuple[bytes, str, str]]


def recompute(
    task: Task, inputs: Mapping[Input, Iterable[Any]], sampled: Sequence[bytes], sentiment: Sentiment | None
) -> Recomputed:
    """Apply all records of a partition to a task.

    All fans of the partition, not only the sampled ones: the dedup window of an input belongs to the partition.
    """
    wanted, found = set(sampled), Recomputed(0, set(), Counter())
    events = 0
    for source, chunk in merge(inputs):
        batch = decode(source, Records.of(chunk), NEVER_FUTURE, sentiment)
        batch = _without_future(batch, found.undecided)
        task.process(source, batch, chunk[-1].offset + 1, chunk[-1].timestamp)
        task.pending.take()
        events += len(batch.events)
        if source.is_internal:
            _count_attributions(batch, wanted, found.attributed)
    return found._replace(events=events)


def merge(inputs: Mapping[Input, Iterable[Any]]) -> Iterator[tuple[Input, list[Any]]]:
    """Yield chunks of records: always of the input whose next chunk is the oldest.

    A chunk is as old as the event of its first readable record, and not older than the one before it.
    """
    streams = {source: _chunks(records) for source, records in inputs.items()}
    waiting: list[tuple[int, int, Input, list[Any]]] = []
    for source, stream in streams.items():
        _push(waiting, source, stream, 0)
    while waiting:
        at, _, source, chunk = heapq.heappop(waiting)
        yield source, chunk
        _push(waiting, source, streams[source], at)


def _push(
    waiting: list[tuple[int, int, Input, list[Any]]], source: Input, stream: Iterator[list[Any]], at: int
) -> None:
    chunk = next(stream, None)
    if chunk is not None:
        times = (event_time(record.value) for record in chunk)
        first = next((time for time in times if time is not None), at)
        heapq.heappush(waiting, (max(at, first), source.number, source, chunk))


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(records)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _without_future(batch: DecodedBatch, undecided: set[bytes]) -> DecodedBatch:
    """Refuse the events whose fate depended on a worker's clock, and note whose they are."""
    is_clear = batch.events["at"] <= batch.accepted().timestamp + MAX_CLOCK_AHEAD_MS
    if is_clear.all():
        return batch
    keys = batch.accepted().keys()
    undecided.update(keys.at(i) for i in np.flatnonzero(~is_clear).tolist())
    return batch.keep(is_clear, FUTURE)


def _count_attributions(batch: DecodedBatch, wanted: set[bytes], attributed: Counter[tuple[bytes, str, str]]) -> None:
    for act in batch.acts:
        key = f"{act.brand_id}:{act.fan_id}".encode()
        if key in wanted:
            attributed[key, act.by_fan_id, act.event_id] += 1
