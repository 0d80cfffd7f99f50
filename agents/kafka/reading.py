"""Read partitions by hand, committed records only, up to ends that are fixed before."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from agents.errors import UnavailableError
from agents.kafka.connection import REQUEST_S, reader
from agents.settings import Settings

POLL_MS = 100
MAX_POLL_RECORDS = 20_000

PartitionOffsets = Mapping[TopicPartition, int]


class Chunk(NamedTuple):
    """What one poll returned of one partition; there may be no records where only markers or gaps were passed."""

    partition: TopicPartition
    records: list[Any]  # kafka-python's ConsumerRecord
    next_offset: int  # where reading goes on; at most the partition's end


def records(settings: Settings, starts: PartitionOffsets, ends: PartitionOffsets) -> Iterator[Any]:
    """Yield each partition's records from its start up to its end, in the order of the partition.

    Raises:
        UnavailableError: the broker does not return them.
    """
    if all(starts[at] >= end for at, end in ends.items()):
        return
    with reader(settings, max_poll_records=MAX_POLL_RECORDS) as client:
        for chunk in poll_until_end(client, starts, ends):
            yield from chunk.records


def poll_until_end(client: KafkaConsumer, starts: PartitionOffsets, ends: PartitionOffsets) -> Iterator[Chunk]:
    """Assign the partitions that have something to read, and yield chunks until each partition is at its end.

    A partition's last chunk has its end as ``next_offset``. One poll's records are yielded before the next poll, so
    memory holds what one poll and the client's fetches hold.

    Raises:
        UnavailableError: no partition moves for ``REQUEST_S`` seconds.
    """
    positions = {at: starts[at] for at, end in ends.items() if starts[at] < end}
    client.assign(list(positions))
    client.resume(*positions)  # an earlier call with this client paused those that it had finished
    for at, start in positions.items():
        client.seek(at, start)
    moved_at = time.monotonic()
    while positions:
        polled = client.poll(timeout_ms=POLL_MS)
        for at, position in list(positions.items()):
            reached, end = client.position(at), ends[at]
            if reached > position or at in polled:
                moved_at = time.monotonic()
                yield Chunk(at, [record for record in polled.get(at, ()) if record.offset < end], min(reached, end))
            positions[at] = reached
        finished = [at for at, position in positions.items() if position >= ends[at]]
        if finished:
            client.pause(*finished)
            for at in finished:
                del positions[at]
        elif time.monotonic() - moved_at > REQUEST_S:
            raise UnavailableError(f"the broker does not return {next(iter(positions)).topic} up to its end")
