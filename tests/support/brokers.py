"""Two brokers: the first is controller and coordinator of everything, the second is reached through a slow proxy."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from msgspec import Struct

from agents.embedded.kafka import Kafka
from agents.embedded.properties import TOPICS
from agents.supervise.ports import LOOPBACK, free_port
from tests.chaos.fixtures.proxy import Proxy
from tests.support.processes import until

FAST, SLOW = 1, 2  # node ids
META = "meta.properties"
DEADLINE_S = 30.0
MOVING = {KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE}


class Brokers(Struct, frozen=True):
    """The two, and the proxy in front of the second."""

    fast: Kafka
    slow: Kafka
    proxy: Proxy

    @property
    def bootstrap(self) -> str:
        """Where clients connect first."""
        return self.fast.bootstrap

    def create(self, leaders: Mapping[str, Sequence[int]], configs: Mapping[str, Mapping[str, str]]) -> None:
        """Create topics; ``leaders`` holds the node id of each partition, by topic."""
        topics = [
            NewTopic(
                name, len(nodes), replica_assignment=[[node] for node in nodes], config=dict(configs.get(name, {}))
            )
            for name, nodes in leaders.items()
        ]
        client = AdminClient({"bootstrap.servers": self.bootstrap})
        for created in client.create_topics(topics).values():
            created.result(DEADLINE_S)

        def have_leaders() -> bool:
            found = client.list_topics(timeout=DEADLINE_S).topics
            return all(
                name in found and [part.leader for _, part in sorted(found[name].partitions.items())] == list(nodes)
                for name, nodes in leaders.items()
            )

        until(have_leaders, DEADLINE_S, "topics with the leaders asked for")


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """Two brokers; the proxy adds nothing until a test sets its delay."""
    fast = Kafka(tmp_path_factory.mktemp("fast"))
    fast.start()
    try:
        _create_internal_topics(fast.bootstrap)  # while there is one broker, so that it leads them all
        slow = Kafka(tmp_path_factory.mktemp("slow"))
        proxy = Proxy(free_port(0), slow.listeners.client)
        proxy.start()
        try:
            _join(slow, fast, proxy)
            slow.start()
            yield Brokers(fast, slow, proxy)
        finally:
            slow.stop()
            proxy.close()
    finally:
        fast.stop()


def _create_internal_topics(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "first", "log_level": 0})
    producer.init_transactions(DEADLINE_S)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "first", "log_level": 0})

    def has_coordinator() -> bool:
        try:
            consumer.committed([TopicPartition("none", 0)], timeout=DEADLINE_S)
        except KafkaException as error:
            if error.args[0].code() not in MOVING:
                raise
            return False
        return True

    until(has_coordinator, DEADLINE_S, "a coordinator of the group")
    consumer.close()


def _join(second: Kafka, first: Kafka, proxy: Proxy) -> None:
    """Make a broker a second node of the first one's cluster, whom everybody reaches by the proxy."""
    second.extra = {
        "process.roles": "broker",
        "node.id": str(SLOW),
        "controller.quorum.voters": f"{FAST}@{LOOPBACK}:{first.listeners.controller}",
        "listeners": f"CLIENT://{LOOPBACK}:{second.listeners.client}",
        "advertised.listeners": f"CLIENT://{proxy.address}",
    }
    known = (first.directory / TOPICS / META).read_text().splitlines()
    cluster = next(text for text in known if text.startswith("cluster.id="))
    topics = second.directory / TOPICS
    topics.mkdir(parents=True, exist_ok=True)
    (topics / META).write_text(f"version=1\n{cluster}\nnode.id={SLOW}\n")
