"""A fan from nothing: his records, merged by event time, through the plain rules one by one."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.events import Topic
from schemas.fan import Fan
from streams.block import Sentiment, decode
from streams.params import Brands
from streams.partition import Partition
from streams.records.lines import event_time
from streams.records.spans import Records, Texts


class Fresh(NamedTuple):
    """The row worked out anew; ``is_open``: a record was so far ahead that it counts or not by when it was read."""

    row: Fan | None
    is_open: bool


def recompute(
    key: bytes, queues: Mapping[Topic, list[Any]], brands: Brands, home: tuple[int, int], sentiment: Sentiment | None
) -> Fresh:
    """Fold all of a fan's records; each topic keeps its order, the oldest of them goes first."""
    partition, is_open = Partition(brands, *home), False
    for topic, record in by_time(queues):
        block = decode(Records.of([record]), topic, partition.fans, record.timestamp, sentiment)
        is_open = is_open or any("ahead of our clock" in reason for _, reason in block.refused)
        partition.fold(block.events, topic)
    if not len(partition.fans):
        return Fresh(None, is_open)
    row = partition.fans.columns.rows[int(partition.fans.find(Texts.of([key]))[0])]
    return Fresh(row, is_open)


def by_time(queues: Mapping[Topic, list[Any]]) -> list[tuple[Topic, Any]]:
    """Merge topics: always the one whose next record is oldest."""
    merged: list[tuple[Topic, Any]] = []
    at = dict.fromkeys(queues, 0)
    while waiting := [topic for topic in queues if at[topic] < len(queues[topic])]:
        topic = min(waiting, key=lambda topic: event_time(queues[topic][at[topic]].value) or 0)
        merged.append((topic, queues[topic][at[topic]]))
        at[topic] += 1
    return merged
