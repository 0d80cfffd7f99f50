"""A history from the input topics themselves."""

from kafka import TopicPartition

from agents.errors import ConfigError
from agents.kafka.connection import reader
from agents.kafka.reading import poll_until_end
from agents.learn.history import Piles
from agents.settings import Settings
from streams.trial.replay import History

MAX_POLL_RECORDS = 5_000


def read_topics(settings: Settings, brand: str | None) -> dict[str, History]:
    """Return each brand's history, or that of ``brand`` alone, as far as the topics still hold it.

    Records that are no events are left out: a worker has put them into dead-letters.

    Raises:
        ConfigError: a topic does not exist.
        UnavailableError: no broker answers.
        FanpulseError: there is no event.
    """
    piles = Piles(brand)
    with reader(settings, max_poll_records=MAX_POLL_RECORDS) as client:
        partitions: dict[TopicPartition, int] = {}
        for topic, name in enumerate(settings.names.inputs):
            numbers = client.partitions_for_topic(name)
            if not numbers:
                raise ConfigError(f"topic {name} does not exist; `fanpulse topics create` creates it")
            partitions |= {TopicPartition(name, number): topic for number in numbers}
        ends = client.end_offsets(list(partitions))
        for chunk in poll_until_end(client, client.beginning_offsets(list(partitions)), ends):
            for record in chunk.records:
                _add(piles, record.value, partitions[chunk.partition])
    return piles.histories("the input topics")


def _add(piles: Piles, value: bytes | None, topic: int) -> None:
    try:
        piles.add(value or b"", topic)
    except ValueError:
        return
