"""Writes fail: a topic refuses what is too large, answers to writes and to commits are lost. Nothing is half told."""

import pytest
from confluent_kafka import Producer
from kafka.admin import AlterConfigOp, ConfigResource

from agents.errors import Exit
from agents.kafka.connection import admin
from tests.chaos.ground.line import Api, Line
from tests.chaos.ground.trial import Trial

pytestmark = pytest.mark.full

BAD = 5
TINY = "100"  # bytes of a batch that a topic still takes: a marker (78), and nothing else
TOPICS = ("changelog", "fan_scores", "fan_flags", "credits", "dead_letters")


def send_bad(trial: Trial) -> None:
    """Send what comes to dead letters."""
    producer = Producer({"bootstrap.servers": trial.settings.broker})
    for _ in range(BAD):
        producer.produce(trial.settings.names.inputs[0], b"no JSON", b"miot:weibo:1", 0)
    assert producer.flush(30) == 0
    trial.refused += BAD


def limit(trial: Trial, topic: str, largest: str | None) -> None:
    """Set the size of what a topic takes; None: as it was."""
    change = ("DELETE", None) if largest is None else ("SET", largest)
    with admin(trial.settings) as client:
        asked = {"max.message.bytes": (AlterConfigOp[change[0]], change[1])}
        client.alter_configs([ConfigResource("TOPIC", topic, asked)])


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_refuses_what_is_too_large(trial: Trial, name: str) -> None:
    topic: str = getattr(trial.settings.names, name)
    one = trial.worker(0)
    trial.feed()
    trial.moved(2_000)
    limit(trial, topic, TINY)
    send_bad(trial)
    trial.until("it ended, and again after its restart", lambda: trial.result.deaths >= 2)
    limit(trial, topic, None)
    assert "MessageSizeTooLargeError" in one.words(200)
    trial.moved(3_000)
    trial.check()


@pytest.mark.parametrize("name", ["changelog", "fan_scores", "dead_letters"])
def test_answers_to_writes_are_lost(trial: Trial, line: Line, name: str) -> None:
    one = trial.worker(0, BROKER=line.address)
    trial.feed()
    trial.moved(2_000)
    line.cut(Api.PRODUCE, "answers", getattr(trial.settings.names, name))
    send_bad(trial)
    trial.until("it ended", lambda: trial.result.deaths >= 1)
    line.mend()
    assert "transaction not committed" in one.words(200)
    trial.moved(3_000)
    trial.check()


@pytest.mark.parametrize("lose", ["requests", "answers"])
def test_a_commit_is_lost_on_its_way_or_on_its_way_back(trial: Trial, line: Line, lose: str) -> None:
    one = trial.worker(0, BROKER=line.address)
    trial.feed()
    trial.moved(2_000)
    trial.kept.remove(one)
    line.cut(Api.END_TXN, "requests" if lose == "requests" else "answers")
    assert one.wait_end(40) == Exit.FAIL_STOP
    trial.result.deaths += 1
    line.mend()
    trial.start(one)
    trial.ready(one)
    trial.check()
