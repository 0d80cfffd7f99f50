"""Sends a workload at a steady rate from a thread of its own; it outlives a broker's death as a good producer does."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import orjson
from confluent_kafka import Producer

from agents.kafka.publish import key_hash
from agents.settings import Settings
from tests.chaos.ground.workload import keyed
from tests.integration.oracle.replay import Line

SLICE_S = 0.02


class Feed:
    """One workload on its way."""

    def __init__(self, settings: Settings, lines: Iterable[Line], rate: float) -> None:
        self.settings, self.lines, self.rate = settings, lines, rate
        self._enough = threading.Event()
        self.sent = 0
        self.failed: list[str] = []
        self.started_at = self.ended_at = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.started_at = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._enough.set()

    @property
    def is_over(self) -> bool:
        """Whether the broker has everything."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        options: dict[str, Any] = {"bootstrap.servers": self.settings.broker, "enable.idempotence": True}
        options |= {"linger.ms": 5, "reconnect.backoff.max.ms": 500, "message.timeout.ms": 240_000}
        options |= {"queue.buffering.max.messages": 1_000_000}
        producer = Producer({**options, "log_level": 0})
        for line in self.lines:
            key, event = keyed(line)
            topic = self.settings.topic_prefix + line["topic"]
            partition = key_hash(key) % self.settings.partitions
            producer.produce(topic, orjson.dumps(event), key, partition, on_delivery=self._done)
            self.sent += 1
            if self._enough.is_set():
                break
            ahead = self.started_at + self.sent / self.rate - time.monotonic()
            if ahead > SLICE_S:
                producer.poll(0)
                time.sleep(ahead)
        if producer.flush(240):
            self.failed.append("the broker did not take everything")
        self.ended_at = time.monotonic()

    def _done(self, error: object, _: object) -> None:
        if error is not None:
            self.failed.append(str(error))
