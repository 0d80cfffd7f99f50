"""The broker dies, freezes or goes away; workers end by themselves where they must, and start again."""

import os
import signal

import pytest

from agents.embedded.kafka import Kafka
from tests.chaos.fixtures.scenario import Scenario

FROZEN_S, BROKER_DOWN_S = 25.0, 60.0


def test_the_broker_is_killed_and_started_again(scenario: Scenario, kafka: Kafka) -> None:
    scenario.worker(0)
    scenario.worker(1)
    scenario.produce()
    scenario.moved(3_000)
    kafka.kill()
    kafka.start()
    scenario.moved(3_000)
    scenario.check()


@pytest.mark.full
@pytest.mark.parametrize("when", ["while events flow", "during recovery"])
def test_the_broker_freezes(scenario: Scenario, kafka: Kafka, when: str) -> None:
    one = scenario.worker(0)
    scenario.produce()
    scenario.moved(3_000)
    if when == "during recovery":
        scenario.kill(one)
        scenario.start(one)
        scenario.until("it joins the group", lambda: one.words(3).count("generation") > 0)
    os.kill(kafka.pid, signal.SIGSTOP)
    try:
        scenario.hold(FROZEN_S)
    finally:
        os.kill(kafka.pid, signal.SIGCONT)
    scenario.moved(3_000)
    scenario.check()


@pytest.mark.full
def test_the_broker_is_gone_for_a_minute(scenario: Scenario, kafka: Kafka) -> None:
    scenario.worker(0)
    scenario.worker(1)
    scenario.produce()
    scenario.moved(3_000)
    kafka.kill()
    scenario.hold(BROKER_DOWN_S)
    kafka.start()
    scenario.moved(3_000)
    scenario.check()
