"""Brokers and Redis servers that are configured wrongly, or that we reach in the wrong way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from agents.kafka.connection import admin
from agents.supervise.ports import LOOPBACK, free_port
from tests.integration.doctor.asking import QUIET, ask, finding
from tests.support.calling import CommandResult
from tests.support.certificates import Authority
from tests.support.installation import Installation, fresh
from tests.support.processes import until
from tests.support.servers import running

MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
USERS = f'{MODULE} required user_ops="right-one" user_reader="right-too" user_nobody="right-also";'
LOGIN = {"KAFKA_SECURITY": "SASL_PLAINTEXT", "KAFKA_USERNAME": "ops", "KAFKA_PASSWORD": "right-one"}
READER = {**LOGIN, "KAFKA_USERNAME": "reader", "KAFKA_PASSWORD": "right-too"}
CROOKED = {
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.client.plain.sasl.jaas.config": USERS,
    "transaction.state.log.replication.factor": "3",
    "group.max.session.timeout.ms": "8000",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:ops",
}


@pytest.fixture(scope="module")
def crooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker with logins, permissions and settings that no worker can work with."""
    with running(Kafka(tmp_path_factory.mktemp("crooked"), protocol="SASL_PLAINTEXT", extra=CROOKED)) as broker:
        yield broker


@pytest.fixture
def at_crooked(crooked: Kafka, tmp_path: Path) -> Installation:
    made = fresh(tmp_path, crooked.bootstrap, **LOGIN)
    made.create_topics()
    return made


def test_a_wrong_password(at_crooked: Installation) -> None:
    result = ask(at_crooked, KAFKA_PASSWORD="wrong-one")
    found = finding(result, "broker", "fail", "refuses user 'ops'")
    assert "FANPULSE_KAFKA_PASSWORD" in found["remedy"]
    assert "wrong-one" not in result.out


def test_no_login_where_one_is_wanted(at_crooked: Installation) -> None:
    found = finding(
        ask(at_crooked, KAFKA_SECURITY="PLAINTEXT"), "broker", "fail", "does not speak Kafka over PLAINTEXT"
    )
    assert "FANPULSE_KAFKA_SECURITY" in found["remedy"]


def test_tls_where_there_is_none(at_crooked: Installation) -> None:
    found = finding(ask(at_crooked, KAFKA_SECURITY="SSL"), "broker", "fail", "over SSL")
    assert "FANPULSE_KAFKA_SECURITY" in found["remedy"]


def test_too_few_brokers_for_transactions(at_crooked: Installation) -> None:
    found = finding(ask(at_crooked), "broker", "fail", "transaction.state.log.replication.factor is 3")
    assert "more brokers" in found["remedy"]


def test_a_session_that_the_broker_does_not_allow(at_crooked: Installation) -> None:
    found = finding(ask(at_crooked, SESSION_TIMEOUT_S=10), "broker", "fail", "allows sessions of 6 to 8 s")
    assert "FANPULSE_SESSION_TIMEOUT_S" in found["remedy"]


def test_a_user_who_may_not_write(crooked: Kafka, at_crooked: Installation) -> None:
    open_listener = fresh(at_crooked.directory, crooked.internal).settings()
    rights = (ACLOperation.DESCRIBE, ACLOperation.READ, ACLOperation.DESCRIBE_CONFIGS)
    everything = {ResourceType.TOPIC: "*", ResourceType.GROUP: "*", ResourceType.CLUSTER: "kafka-cluster"}
    with admin(open_listener) as client:
        for kind, name in everything.items():
            for right in (
                rights[:1] if kind == ResourceType.GROUP else rights[::2] if kind == ResourceType.CLUSTER else rights
            ):
                client.create_acls(
                    [ACL("User:reader", "*", right, ACLPermissionType.ALLOW, ResourcePattern(kind, name))]
                )

    def granted() -> CommandResult:
        return ask(at_crooked, **READER)

    until(lambda: "we may not write" in granted().out, 30, lambda: granted().out)
    found = finding(granted(), "topics", "fail", "we may not write")
    assert "kafka-acls.sh" in found["remedy"]


def test_a_user_who_may_see_nothing(at_crooked: Installation) -> None:
    result = ask(at_crooked, KAFKA_USERNAME="nobody", KAFKA_PASSWORD="right-also")
    found = finding(result, "broker", "fail", "we may not see it")
    assert "kafka-acls.sh" in found["remedy"]


def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    both, _ = theirs.issue("kafka")
    keys = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(both)}
    broker = Kafka(tmp_path / "tls", protocol="SSL", extra=keys)
    broker.start()
    try:
        made = fresh(tmp_path, broker.bootstrap, KAFKA_SECURITY="SSL", KAFKA_CA=ours.file)
        found = finding(ask(made), "broker", "fail", "certificate")
        assert "FANPULSE_KAFKA_CA" in found["remedy"]
        plain = finding(ask(made, KAFKA_SECURITY="PLAINTEXT"), "broker", "fail", "does not speak Kafka over PLAINTEXT")
        assert "FANPULSE_KAFKA_SECURITY" in plain["remedy"]
        absent = finding(ask(made, KAFKA_CA=tmp_path / "absent.pem"), "broker", "fail", "FANPULSE_KAFKA_CA: no file")
        assert absent["remedy"]
        trusted = ask(made, KAFKA_CA=theirs.file).rows
        assert next(row["state"] for row in trusted if row["check"] == "broker") == "ok"
    finally:
        broker.stop()


REDIS = {
    "a password is missing": (["--requirepass", "hush"], "redis://{}/0", "fail", "refuses the login"),
    "a password is wrong": (["--requirepass", "hush"], "redis://:loud@{}/0", "fail", "refuses the login"),
    "fans would be evicted": (
        ["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"],
        "redis://{}/0",
        "fail",
        "maxmemory-policy is allkeys-lru",
    ),
    "memory is full": (["--maxmemory", "200kb"], "redis://{}/0", "fail", "memory is full"),
    "a replica": (["--replicaof", LOOPBACK, "1"], "redis://{}/0", "fail", "is a replica"),
    "no TLS there": ([], "rediss://{}/0", "fail", "does not answer"),
}


@pytest.mark.parametrize("fault", REDIS)
def test_a_redis_that_will_not_do(installation: Installation, tmp_path: Path, fault: str) -> None:
    extra, url, state, words = REDIS[fault]
    server = Valkey(tmp_path / "valkey", extra=extra)
    server.start()
    try:
        result = ask(installation, REDIS_URL=url.format(f"{LOOPBACK}:{server.port}"))
        finding(result, "redis", state, words)
        assert "hush" not in result.out
        assert "loud" not in result.out
    finally:
        server.stop()


def test_no_redis(installation: Installation) -> None:
    unreachable = ask(installation, REDIS_URL=f"redis://{LOOPBACK}:{free_port()}/0")
    assert "FANPULSE_REDIS_URL" in finding(unreachable, "redis", "fail", "does not answer")["remedy"]
    unnamed = ask(installation, REDIS_URL="")
    assert "FANPULSE_REDIS_URL" in finding(unnamed, "redis", "warn", "FANPULSE_REDIS_URL is not set")["remedy"]


OTHER_CLOCK = "import time; now = time.time; time.time = lambda: now() + {}"


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [(90, "fail", "90.0 s ahead of that of Kafka"), (-10, "warn", "10.0 s behind that of Kafka")],
)
def test_a_clock_that_is_wrong(
    installation: Installation, tmp_path: Path, seconds: int, state: str, words: str
) -> None:
    installation.create_topics()
    (tmp_path / "sitecustomize.py").write_text(OTHER_CLOCK.format(seconds))  # our machine's clock, as Python sees it
    root = str(Path(__file__).parents[3])
    environ = installation.environ(**QUIET) | {"PYTHONPATH": os.pathsep.join([str(tmp_path), root])}
    command = [sys.executable, "-m", "agents.cli", "doctor", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    found = finding(CommandResult(done), "clock", state, words)
    assert "NTP" in found["remedy"]
    finding(CommandResult(done), "clock", "warn", "that of Redis")
