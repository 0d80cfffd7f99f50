"""A history from the input topics themselves."""

import time

from kafka import TopicPartition

from agents.errors import ConfigError, UnavailableError
from agents.kafka.connection import REQUEST_S, reader
from agents.learn.history import Piles
from agents.settings import Settings
from streams.trial.replay import History

POLL_MS = 200


def read_topics(settings: Settings, brand: str | None) -> dict[str, History]:
    """Return each brand's history, or that of ``brand`` alone, as far as the topics still hold it.

    Records that are no events are left out: a worker has put them into dead-letters.

    Raises:
        ConfigError: a topic does not exist.
        UnavailableError: no broker answers.
        FanpulseError: there is no event.
    """
    piles = Piles(brand)
    with reader(settings, auto_offset_reset="earliest") as client:
        partitions: dict[TopicPartition, int] = {}
        for topic, name in enumerate(settings.names.inputs):
            numbers = client.partitions_for_topic(name)
            if not numbers:
                raise ConfigError(f"topic {name} does not exist; `fanpulse topics create` creates it")
            partitions |= {TopicPartition(name, number): topic for number in numbers}
        ends = client.end_offsets(list(partitions))
        client.assign(list(partitions))
        client.seek_to_beginning(*partitions)
        deadline = time.monotonic() + REQUEST_S
        while any(client.position(at) < end for at, end in ends.items()):
            if time.monotonic() > deadline:
                raise UnavailableError("the broker does not hand out the input topics up to their end")
            for at, records in client.poll(timeout_ms=POLL_MS, max_records=5_000).items():
                deadline = time.monotonic() + REQUEST_S
                for record in records:
                    _add(piles, record.value, partitions[at])
    return piles.histories("the input topics")


def _add(piles: Piles, value: bytes | None, topic: int) -> None:
    try:
        piles.add(value or b"", topic)
    except ValueError:
        return
