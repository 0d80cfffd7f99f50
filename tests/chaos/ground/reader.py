"""A reader with read_committed, watched: how long it waits for what was written because a transaction stands open."""

import threading
import time
from collections.abc import Mapping

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from agents.settings import Settings

EVERY_S = 0.1
ASK_S = 5.0


class Reader:
    """What is written of the scores, and what a reader may see of it, as time goes by."""

    def __init__(self, settings: Settings) -> None:
        self.client = AdminClient({"bootstrap.servers": settings.broker, "log_level": 0})
        self.places = [TopicPartition(settings.names.fan_scores, n) for n in range(settings.partitions)]
        self.longest_s = 0.0
        self._behind: dict[int, tuple[int, float]] = {}  # partition -> what was written when it began to wait, since
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        self._thread.start()

    def stop(self) -> float:
        """Watch no more, and return the longest wait in seconds."""
        self._over.set()
        self._thread.join()
        return self.longest_s

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                written, seen = self._ends(IsolationLevel.READ_UNCOMMITTED), self._ends(IsolationLevel.READ_COMMITTED)
            except KafkaException:
                continue
            self._note(written, seen, time.monotonic())

    def _ends(self, level: IsolationLevel) -> dict[int, int]:
        asked = self.client.list_offsets(
            dict.fromkeys(self.places, OffsetSpec.latest()), isolation_level=level, request_timeout=ASK_S
        )
        return {at.partition: future.result(ASK_S).offset for at, future in asked.items()}

    def _note(self, written: Mapping[int, int], seen: Mapping[int, int], now: float) -> None:
        for n, end in written.items():
            goal, since = self._behind.get(n, (end, now))
            self.longest_s = max(self.longest_s, now - since)
            if seen[n] >= goal:
                self._behind.pop(n, None)
            if seen[n] < end:
                self._behind.setdefault(n, (end, now))
