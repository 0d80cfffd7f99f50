"""Settings become client options, and what goes wrong becomes one sentence."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypedDict

import pytest
from kafka import errors
from msgspec.structs import replace

from agents.errors import ConfigError, UnavailableError
from agents.kafka import connection
from agents.kafka.connection import admin, aiokafka_options, kafka_options, reader, translated_errors
from agents.settings import Mechanism, Settings


class Login(TypedDict):
    """The two settings of a SASL user."""

    kafka_username: str
    kafka_password: str


PLAIN = Settings(broker="a:9092,b:9093")
LOGIN: Login = {"kafka_username": "ops", "kafka_password": "s3cret"}


@pytest.fixture
def mute() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"127.0.0.1:{port}"


def test_both_clients_get_all_brokers() -> None:
    assert kafka_options(PLAIN)["bootstrap_servers"] == ["a:9092", "b:9093"]
    assert aiokafka_options(PLAIN)["bootstrap_servers"] == ["a:9092", "b:9093"]
    assert aiokafka_options(PLAIN)["security_protocol"] == "PLAINTEXT"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_sasl_brings_user_and_password(mechanism: Mechanism) -> None:
    settings = Settings(broker="a:1", kafka_security="SASL_SSL", kafka_mechanism=mechanism, **LOGIN)
    options = aiokafka_options(settings)
    assert options["sasl_mechanism"] == mechanism
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("ops", "s3cret")
    assert options["ssl_context"].check_hostname


def test_sasl_without_a_password_is_refused() -> None:
    with pytest.raises(ConfigError, match="FANPULSE_KAFKA_USERNAME"):
        kafka_options(Settings(broker="a:1", kafka_security="SASL_PLAINTEXT", kafka_username="ops"))


@pytest.mark.parametrize("broker", ["localhost", "a:b", "a:0", "a:70000", "http://a:9092", "a:1;b:2", "a b:1"])
def test_an_address_that_is_none_is_named(broker: str) -> None:
    with pytest.raises(ConfigError, match="FANPULSE_BROKER"):
        kafka_options(Settings(broker=broker))


def test_no_address_is_told_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match="set FANPULSE_BROKER"):
        kafka_options(Settings())


@pytest.mark.parametrize("field", ["kafka_ca", "kafka_cert"])
def test_a_bad_tls_file_is_named(field: str, tmp_path: Path) -> None:
    settings = Settings(broker="a:1", kafka_security="SSL")
    with pytest.raises(ConfigError, match=f"FANPULSE_{field.upper()}: no file"):
        kafka_options(replace(settings, **{field: str(tmp_path / "absent.pem")}))
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match=f"FANPULSE_{field.upper()}: .*bad.pem cannot be used"):
        kafka_options(replace(settings, **{field: str(tmp_path / "bad.pem")}))


@pytest.mark.parametrize("connect", [admin, reader])
@pytest.mark.parametrize("server", ["mute", "nobody"])
def test_a_broker_that_does_not_answer_is_told_in_time(
    connect: Callable[[Settings], AbstractContextManager[object]],
    server: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "BROKER_TIMEOUT_S", 0.5)
    address = request.getfixturevalue(server)
    threads, start = threading.active_count(), time.monotonic()
    with (
        pytest.raises(UnavailableError, match=f"no Kafka broker answers at {address}"),
        connect(Settings(broker=address)),
    ):
        pytest.fail("connected to nobody")
    assert time.monotonic() - start < 5
    assert threading.active_count() == threads, "the client's thread would go on trying"


def test_a_password_is_in_no_error(nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BROKER_TIMEOUT_S", 0.3)
    settings = Settings(broker=nobody, kafka_security="SASL_PLAINTEXT", **LOGIN)
    with pytest.raises(UnavailableError) as caught, admin(settings):
        pytest.fail("connected to nobody")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.KafkaTimeoutError("no answer"), UnavailableError, "a:9092,b:9093 stopped answering: .*no answer"),
        (errors.UnknownBrokerIdError(-1), UnavailableError, "stopped answering: .*-1"),
        (errors.TopicAuthorizationFailedError("likes"), ConfigError, "does not allow this client to do this: .*likes"),
        (errors.UnsupportedVersionError("too old"), ConfigError, "does not do what it is asked: .*too old"),
        (errors.InvalidTopicError(), ConfigError, "does not do what it is asked: .*InvalidTopicError"),
    ],
)
def test_what_a_broker_answers_is_told_in_a_sentence(error: Exception, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words), translated_errors(PLAIN):
        raise error
