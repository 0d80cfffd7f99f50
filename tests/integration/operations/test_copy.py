"""`topics copy` on a real Kafka: killed anywhere nothing is lost or doubled, later calls bring what is new."""

from confluent_kafka import Producer
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from msgspec import structs

from agents.errors import Exit
from agents.kafka import topics
from agents.kafka.connection import admin
from agents.kafka.offsets import offsets
from agents.kafka.publish import key_hash
from tests.support.calling import call
from tests.support.installation import Installation
from tests.support.processes import Processes, Running, until
from tests.support.reading import Record, read

PARTITIONS, WANTED = 4, 6
MANY = 20_000


class Copy:
    """An installation and the topics to copy to, with another partition count."""

    def __init__(self, installation: Installation) -> None:
        installation.create_topics()
        self.installation, self.settings = installation, installation.settings()
        self.there = structs.replace(
            self.settings,
            topic_prefix=f"n{self.settings.topic_prefix}",
            group=f"{self.settings.group}-2",
            partitions=WANTED,
        )
        topics.create(self.there)

    def produce(self, start: int, stop: int) -> None:
        """Write likes, each with its own value."""
        producer = Producer({"bootstrap.servers": self.settings.broker, "linger.ms": 50})
        for i in range(start, stop):
            key = b"miot:%d" % (i % 300)
            producer.produce(self.settings.names.leading_input, b"%d" % i, key, key_hash(key) % PARTITIONS)
            producer.poll(0)
        assert producer.flush(30) == 0

    def words(self) -> tuple[str, ...]:
        return "topics", "copy", "--to-prefix", self.there.topic_prefix

    def call(self) -> dict[str, int]:
        result = call(self.installation, *self.words(), "--json")
        assert result.code == Exit.OK, result.err
        return {name: n for name, n in result.fields.items() if n}

    def copied(self) -> list[Record]:
        return read(self.settings.broker, self.there.names.leading_input)

    def numbers(self) -> list[int]:
        return sorted(int(record.value or b"") for record in self.copied())

    def recreate(self, client: KafkaAdminClient) -> None:
        """Delete the topics that were copied to, and create them again."""
        names = list(self.there.names.inputs)
        client.delete_topics(names)
        until(lambda: not set(names) & set(client.list_topics()), 30, "the topics are deleted")
        topics.create(self.there)


def test_killed_anywhere_each_is_copied_once(installation: Installation, processes: Processes) -> None:
    copy = Copy(installation)
    copy.produce(0, MANY)
    there = [TopicPartition(copy.there.names.leading_input, n) for n in range(WANTED)]
    kills = 0
    with admin(copy.settings) as client:
        for share in (0.05, 0.6):
            running = processes.command(*copy.words())

            def has_sent(running: Running = running, enough: float = share * MANY) -> bool:
                """Count records of an open transaction too."""
                return not running.child.is_running or sum(offsets(client, there, OffsetSpec.LATEST).values()) > enough

            until(has_sent, 60, running.words)
            kills += running.child.is_running
            running.kill()
    assert kills, "it was never killed while it copied"
    rest = MANY - len(copy.copied())
    assert copy.call() == ({"likes": rest} if rest else {})
    assert copy.numbers() == list(range(MANY))
    last: dict[bytes, int] = {}
    for record in copy.copied():
        assert record.key is not None
        assert record.partition == key_hash(record.key) % WANTED
        assert last.get(record.key, -1) < int(record.value or b""), "out of order"
        last[record.key] = int(record.value or b"")


def test_a_later_call_copies_what_is_new(installation: Installation) -> None:
    copy = Copy(installation)
    copy.produce(0, 500)
    assert copy.call() == {"likes": 500}
    copy.produce(500, 800)
    assert copy.call() == {"likes": 300}
    assert copy.call() == {}
    assert copy.numbers() == list(range(800))


def test_topics_created_again_are_copied_from_their_beginning(installation: Installation) -> None:
    copy = Copy(installation)
    copy.produce(0, 500)
    assert copy.call() == {"likes": 500}
    with admin(copy.settings) as client:
        copy.recreate(client)
    result = call(installation, *copy.words(), "--json")
    assert result.fields["likes"] == 500
    assert f"{copy.settings.names.leading_input}: it or its target was created again" in result.err
    assert copy.numbers() == list(range(500))
    assert copy.call() == {}
