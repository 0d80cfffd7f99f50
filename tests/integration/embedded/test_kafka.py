"""A real Kafka of our own: what it keeps, how it ends, what it says when it cannot start."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from agents import probe
from agents.embedded import jars
from agents.embedded.kafka import Kafka
from agents.errors import ConfigError, UnavailableError
from tests.support.processes import until
from tests.support.servers import running

TOPIC = "records"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker to be killed; its directory has a name that a brand would choose."""
    with running(Kafka(tmp_path_factory.mktemp("小米 kafka"))) as broker:
        yield broker


def write(address: str, value: bytes, **security: str) -> None:
    with KafkaProducer(bootstrap_servers=address, acks="all", **security) as producer:
        producer.send(TOPIC, value).get(30)


def create(address: str) -> None:
    with KafkaAdminClient(bootstrap_servers=address) as client:
        client.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}})
        client.wait_for_topics([TOPIC])


def read(address: str, count: int) -> list[bytes]:
    with KafkaConsumer(TOPIC, bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
        values: list[bytes] = []

        def received() -> bool:
            values.extend(record.value for some in consumer.poll(200).values() for record in some)
            return len(values) >= count

        until(received, 30, lambda: f"{count} records, only {values}")
        return values


def test_records_and_port_outlive_a_kill_and_a_restart(own: Kafka) -> None:
    address = own.bootstrap
    create(address)
    write(address, b"before the kill")
    own.kill()
    assert own.poll() == -signal.SIGKILL
    own.start()
    write(address, b"after the kill")
    own.restart()
    assert own.bootstrap == address
    assert read(address, 2) == [b"before the kill", b"after the kill"]


def test_a_stop_is_clean_and_leaves_no_process(own: Kafka) -> None:
    own.stop()
    assert not Path(f"/proc/{own.pid}").exists()
    assert (own.directory / "topics" / ".kafka_cleanshutdown").exists()
    own.start()


def test_a_second_one_on_the_same_records_is_refused(own: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.embedded.server.LOCKED_S", 0.2)
    with pytest.raises(ConfigError, match="another Kafka runs in"):
        Kafka(own.directory).start()
    assert own.poll() is None
    assert own.answers()


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"(?s)Kafka cannot use .*Invalid value many"):
        Kafka(tmp_path, extra={"log.segment.bytes": "many"}).start()


def test_all_its_jars_are_of_one_version() -> None:
    versions = {found[1] for jar in jars.classpath() if (found := re.match(r"kafka[\w.-]*?-(\d[\d.]+)\.jar", jar.name))}
    assert versions == {jars.KAFKA}


def test_clients_may_have_to_log_in(tmp_path: Path) -> None:
    users = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_ops="right";'
    extra = {"sasl.enabled.mechanisms": "PLAIN", "listener.name.client.plain.sasl.jaas.config": users}
    broker = Kafka(tmp_path, protocol="SASL_PLAINTEXT", extra=extra)
    broker.start()
    try:
        create(broker.internal)
        login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_plain_username": "ops"}
        write(broker.bootstrap, b"from ops", **login, sasl_plain_password="right")
        assert read(broker.internal, 1) == [b"from ops"]
        assert not probe.kafka_answers("127.0.0.1", broker.listeners.client), "one who has not logged in"
    finally:
        broker.stop()
