"""What opens no connection ends in one sentence, with the documented exit code, in time, without the password."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.errors import Exit
from tests.integration.security.keys import Settings, kafka_keys, redis_keys
from tests.support.certificates import Authority
from tests.support.locked import PASSWORD, LockedKafka, LockedRedis
from tests.support.processes import Processes

REFUSED_WITHIN_S = 30.0  # a process starts in some seconds on a busy machine, and waits 5 s for an answer
WRONG = "Wrong-Horse-91bd"
ELSEWHERE = {"REDIS_URL": "redis://127.0.0.1:1/0"}  # nobody is there; serve waits for such a Redis

Keys = Callable[[LockedKafka, Authority], Settings]
# name -> (settings, exit code, words of the sentence)
KAFKA: dict[str, tuple[Keys, Exit, tuple[str, ...]]] = {
    "wrong password, PLAIN": (
        lambda kafka, _: kafka_keys(kafka, "PLAIN") | {"KAFKA_PASSWORD": WRONG}, Exit.CONFIG, ("refuses user 'ops'",),
    ),
    "wrong password, SCRAM": (
        lambda kafka, _: kafka_keys(kafka, "SCRAM-SHA-512") | {"KAFKA_PASSWORD": WRONG},
        Exit.CONFIG, ("refuses user 'ops'",),
    ),
    "wrong password over TLS": (
        lambda kafka, _: kafka_keys(kafka, "PLAIN over TLS") | {"KAFKA_PASSWORD": WRONG},
        Exit.CONFIG, ("refuses user 'ops'",),
    ),
    "unknown user": (
        lambda kafka, _: kafka_keys(kafka, "SCRAM-SHA-256") | {"KAFKA_USERNAME": "nobody"},
        Exit.CONFIG, ("refuses user 'nobody'",),
    ),
    "wrong CA": (
        lambda kafka, stranger: kafka_keys(kafka, "TLS") | {"KAFKA_CA": stranger.file},
        Exit.CONFIG, ("TLS to Kafka", "FANPULSE_KAFKA_CA"),
    ),
    "the system's CAs": (
        lambda kafka, _: kafka_keys(kafka, "TLS") | {"KAFKA_CA": ""},
        Exit.CONFIG, ("TLS to Kafka", "FANPULSE_KAFKA_CA"),
    ),
    "another host's certificate": (
        lambda kafka, _: kafka_keys(kafka, "TLS") | {"BROKER": kafka.address("TLS").replace("127.0.0.1", "localhost")},
        Exit.CONFIG, ("TLS to Kafka",),
    ),
    "no certificate where one is asked for": (
        lambda kafka, _: kafka_keys(kafka, "TLS") | {"BROKER": kafka.address("MUTUAL")},
        Exit.CONFIG, ("TLS to Kafka", "_CERT"),
    ),
    "a stranger's certificate": (
        lambda kafka, stranger: kafka_keys(kafka, "mutual TLS") | {"KAFKA_CERT": stranger.issue("worker")[0]},
        Exit.CONFIG, ("TLS to Kafka", "_CERT"),
    ),
    "plain to a TLS port": (
        lambda kafka, _: {"BROKER": kafka.address("TLS")},
        Exit.UNAVAILABLE, ("does not speak Kafka over PLAINTEXT", "FANPULSE_KAFKA_SECURITY"),
    ),
    "TLS to a plain port": (
        lambda kafka, _: kafka_keys(kafka, "TLS") | {"BROKER": kafka.internal},
        Exit.UNAVAILABLE, ("does not speak Kafka over SSL", "FANPULSE_KAFKA_SECURITY"),
    ),
    "no login where one is asked for": (
        lambda kafka, _: {"BROKER": kafka.address("LOGIN")},
        Exit.UNAVAILABLE, ("does not speak Kafka over PLAINTEXT", "FANPULSE_KAFKA_SECURITY"),
    ),
    "a CA that is not there": (
        lambda kafka, _: kafka_keys(kafka, "TLS") | {"KAFKA_CA": "/nowhere/ca.pem"},
        Exit.CONFIG, ("FANPULSE_KAFKA_CA: no file",),
    ),
}  # fmt: skip


def assert_refused(processes: Processes, command: str, code: Exit, words: tuple[str, ...], **keys: object) -> str:
    """Start a command that must end with a code and one sentence; return the sentence."""
    process = processes.command(command, **keys)
    assert process.wait_end(REFUSED_WITHIN_S) == code, process.words()
    result = process.words()
    assert "Traceback" not in result
    assert WRONG not in result
    sentences = [line for line in result.splitlines() if line.startswith("fanpulse: ")]
    assert len(sentences) == 1, result
    for word in words:
        assert word in sentences[0]
    return sentences[0]


QUICK = {"wrong password, SCRAM", "wrong CA", "plain to a TLS port"}
KINDS = [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.full) for kind in KAFKA]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kafka_that_does_not_let_us_in_is_told(
    kind: str, processes: Processes, locked: LockedKafka, stranger: Authority
) -> None:
    keys, code, words = KAFKA[kind]
    given = {"METRICS_PORT": 0, "WEB_PORT": 0} | ELSEWHERE | keys(locked, stranger)
    for command in ("worker", "serve"):
        assert_refused(processes, command, code, words, **given)
    doctor = processes.command("doctor", **given)
    assert doctor.wait_end(REFUSED_WITHIN_S) == Exit.FAILED
    assert words[0] in doctor.words()
    assert "Traceback" not in doctor.words()
    assert WRONG not in doctor.words()


def _redis(kind: str, redis: LockedRedis, stranger: Authority) -> Settings:
    found: dict[str, Settings] = {
        "wrong password": redis_keys(redis) | {"REDIS_URL": redis.url(WRONG)},
        "wrong password without TLS": {"REDIS_URL": redis.url(WRONG, tls=False)},
        "no password": {"REDIS_URL": redis.url(tls=False).replace(f":{PASSWORD}@", "")},
        "wrong CA": redis_keys(redis) | {"REDIS_CA": stranger.file},
        "the system's CAs": redis_keys(redis) | {"REDIS_CA": ""},
        "plain to a TLS port": {"REDIS_URL": redis.url().replace("rediss:", "redis:")},
        "TLS to a plain port": redis_keys(redis) | {"REDIS_URL": redis.url(tls=False).replace("redis:", "rediss:")},
        "a CA that is not there": redis_keys(redis) | {"REDIS_CA": "/nowhere/ca.pem"},
        "a CA that is none": redis_keys(redis) | {"REDIS_CA": Path(__file__)},
    }
    return found[kind]


REDIS = {
    "wrong password": (Exit.CONFIG, "refuses our login"),
    "wrong password without TLS": (Exit.CONFIG, "refuses our login"),
    "no password": (Exit.CONFIG, "refuses our login"),
    "wrong CA": (Exit.CONFIG, "FANPULSE_REDIS_CA"),
    "the system's CAs": (Exit.CONFIG, "FANPULSE_REDIS_CA"),
    "plain to a TLS port": (Exit.UNAVAILABLE, "rediss://"),
    "TLS to a plain port": (Exit.UNAVAILABLE, "redis://"),
    "a CA that is not there": (Exit.CONFIG, "FANPULSE_REDIS_CA: no file"),
    "a CA that is none": (Exit.CONFIG, "FANPULSE_REDIS_CA"),
}


@pytest.mark.parametrize("kind", REDIS)
def test_a_redis_that_does_not_let_us_in_is_told(
    kind: str, processes: Processes, vault: LockedRedis, stranger: Authority
) -> None:
    code, words = REDIS[kind]
    assert_refused(processes, "serve", code, (words,), METRICS_PORT=0, WEB_PORT=0, **_redis(kind, vault, stranger))
