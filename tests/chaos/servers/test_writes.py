"""Writes fail: a topic refuses what is too large, answers to writes and commits are lost. Nothing is half published."""

from collections.abc import Callable, Mapping

import pytest
from confluent_kafka import Producer
from kafka.admin import AlterConfigOp, ConfigResource

from agents.errors import Exit
from agents.kafka.connection import admin
from schemas.inputs.internal import ATTRIBUTION
from schemas.topics import Names
from tests.chaos.fixtures.proxy import Api, Proxy
from tests.chaos.fixtures.scenario import Scenario

pytestmark = pytest.mark.full

BAD = 5
TINY = "100"  # bytes of a batch that a topic still takes: a marker (78), and nothing else
TOPICS: Mapping[str, Callable[[Names], str]] = {
    "fans changelog": lambda names: names.changelog("fans"),
    "fan-scores": lambda names: names.fan_scores,
    "fan-flags": lambda names: names.fan_flags,
    "attribution": lambda names: names.of(ATTRIBUTION),
    "dead-letters": lambda names: names.dead_letters,
    "dedup": lambda names: names.dedup,
}


def send_bad(scenario: Scenario) -> None:
    """Send what comes to dead letters."""
    producer = Producer({"bootstrap.servers": scenario.settings.broker})
    for _ in range(BAD):
        producer.produce(scenario.settings.names.leading_input, b"no JSON", b"miot:weibo:1", 0)
    assert producer.flush(30) == 0
    scenario.refused += BAD


def limit(scenario: Scenario, topic: str, largest: str | None) -> None:
    """Set the size of what a topic takes; None: as it was."""
    change = ("DELETE", None) if largest is None else ("SET", largest)
    with admin(scenario.settings) as client:
        asked = {"max.message.bytes": (AlterConfigOp[change[0]], change[1])}
        client.alter_configs([ConfigResource("TOPIC", topic, asked)])


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_refuses_what_is_too_large(scenario: Scenario, name: str) -> None:
    topic = TOPICS[name](scenario.settings.names)
    one = scenario.worker(0)
    scenario.produce()
    scenario.moved(2_000)
    limit(scenario, topic, TINY)
    send_bad(scenario)
    scenario.until("it ended, and again after its restart", lambda: scenario.result.deaths >= 2)
    limit(scenario, topic, None)
    assert "MessageSizeTooLargeError" in one.words(200)
    scenario.moved(3_000)
    scenario.check()


@pytest.mark.parametrize("name", ["fans changelog", "fan-scores", "dead-letters"])
def test_answers_to_writes_are_lost(scenario: Scenario, proxy: Proxy, name: str) -> None:
    one = scenario.worker(0, BROKER=proxy.address)
    scenario.produce()
    scenario.moved(2_000)
    proxy.cut(Api.PRODUCE, "answers", TOPICS[name](scenario.settings.names))
    send_bad(scenario)
    scenario.until("it ended", lambda: scenario.result.deaths >= 1)
    proxy.heal()
    assert "transaction not committed" in one.words(200)
    scenario.moved(3_000)
    scenario.check()


@pytest.mark.parametrize("lose", ["requests", "answers"])
def test_a_commit_is_lost_on_its_way_or_on_its_way_back(scenario: Scenario, proxy: Proxy, lose: str) -> None:
    one = scenario.worker(0, BROKER=proxy.address)
    scenario.produce()
    scenario.moved(2_000)
    scenario.kept.remove(one)
    proxy.cut(Api.END_TXN, "requests" if lose == "requests" else "answers")
    assert one.wait_end(40) == Exit.FAIL_STOP
    scenario.result.deaths += 1
    proxy.heal()
    scenario.start(one)
    scenario.ready(one)
    scenario.check()
