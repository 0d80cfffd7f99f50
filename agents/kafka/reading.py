"""Reads whole topics by hand, committed records only, up to an end that is fixed before."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from agents.errors import UnavailableError
from agents.kafka.connection import REQUEST_S, reader
from agents.settings import Settings

POLL_MS = 200

Offsets = Mapping[TopicPartition, int]


def records(settings: Settings, starts: Offsets, ends: Offsets) -> Iterator[Any]:
    """Yield each partition's records from its start up to its end, in the order of the partition.

    Raises:
        UnavailableError: the broker does not hand them out.
    """
    left = [at for at, end in ends.items() if starts[at] < end]
    if not left:
        return
    with reader(settings, isolation_level="read_committed", max_poll_records=20_000) as client:
        client.assign(left)
        for at in left:
            client.seek(at, starts[at])
        yield from _poll(client, ends, left)


def _poll(client: KafkaConsumer, ends: Offsets, left: list[TopicPartition]) -> Iterator[Any]:
    heard = time.monotonic()
    while left:
        found = client.poll(timeout_ms=POLL_MS)
        for at, some in found.items():
            yield from (record for record in some if record.offset < ends[at])
        done = [at for at in left if client.position(at) >= ends[at]]
        if done:
            client.pause(*done)
            left = [at for at in left if at not in done]
        if found or done:
            heard = time.monotonic()
        elif time.monotonic() - heard > REQUEST_S:
            raise UnavailableError(f"the broker does not hand out {left[0].topic} up to its end")
