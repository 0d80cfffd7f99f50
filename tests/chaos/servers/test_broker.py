"""The broker dies, freezes or goes away; workers end by themselves where they must, and start again."""

import os
import signal

import pytest

from agents.embedded.kafka import Kafka
from tests.chaos.ground.trial import Trial

FROZEN_S, GONE_S = 25.0, 60.0


def test_the_broker_is_killed_and_started_again(trial: Trial, kafka: Kafka) -> None:
    trial.worker(0)
    trial.worker(1)
    trial.feed()
    trial.moved(3_000)
    kafka.kill()
    kafka.start()
    trial.moved(3_000)
    trial.check()


@pytest.mark.full
@pytest.mark.parametrize("when", ["while events flow", "during recovery"])
def test_the_broker_freezes(trial: Trial, kafka: Kafka, when: str) -> None:
    one = trial.worker(0)
    trial.feed()
    trial.moved(3_000)
    if when == "during recovery":
        trial.kill(one)
        trial.start(one)
        trial.until("it joins the group", lambda: one.words(3).count("generation") > 0)
    os.kill(kafka.pid, signal.SIGSTOP)
    try:
        trial.hold(FROZEN_S)
    finally:
        os.kill(kafka.pid, signal.SIGCONT)
    trial.moved(3_000)
    trial.check()


@pytest.mark.full
def test_the_broker_is_gone_for_a_minute(trial: Trial, kafka: Kafka) -> None:
    trial.worker(0)
    trial.worker(1)
    trial.feed()
    trial.moved(3_000)
    kafka.kill()
    trial.hold(GONE_S)
    kafka.start()
    trial.moved(3_000)
    trial.check()
