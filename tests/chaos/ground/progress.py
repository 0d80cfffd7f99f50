"""Watches what the group commits while a scenario runs: the longest time without progress, partition by partition."""

import threading
import time
from collections import defaultdict

from confluent_kafka import Consumer, KafkaException, TopicPartition

from agents.settings import Settings

EVERY_S = 0.05
ASK_S = 1.0


class Progress:
    """What stands committed of each partition number, over the input topics, as time goes by."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.committed: dict[int, int] = {}
        self.moved_at: dict[int, float] = {}
        self.gaps: dict[int, float] = defaultdict(float)
        self._longest = self._elsewhere = 0.0  # of the faults before
        self._faults = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        self.moved_at = dict.fromkeys(range(self.settings.partitions), time.monotonic())
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()

    @property
    def is_running(self) -> bool:
        """Whether it watches."""
        return self._thread.is_alive()

    @property
    def total(self) -> int:
        """How much is committed."""
        return sum(self.committed.values())

    @property
    def longest(self) -> float:
        """The longest gap of all partition numbers, in seconds."""
        return max([self._longest, *self.gaps.values()])

    @property
    def longest_elsewhere(self) -> float:
        """The longest gap of the luckier half: the partitions that the fault did not strike."""
        luckier = sorted(self.gaps.values())[: len(self.gaps) // 2]
        return max([self._elsewhere, *luckier])

    def fault(self) -> None:
        """Note that a fault strikes next: before the first there was a start, and each may strike other partitions."""
        if self._faults:
            self._longest, self._elsewhere = self.longest, self.longest_elsewhere
        self._faults += 1
        self.gaps.clear()

    def _run(self) -> None:
        client = Consumer(
            {"bootstrap.servers": self.settings.broker, "group.id": self.settings.group, "log_level": 0}
            # read_committed would have the broker answer "unstable" while a transaction is open
            | {"isolation.level": "read_uncommitted", "reconnect.backoff.max.ms": "500"}
        )
        places = [TopicPartition(t, n) for t in self.settings.names.inputs for n in range(self.settings.partitions)]
        while not self._over.wait(EVERY_S):
            try:
                found = client.committed(places, timeout=ASK_S)
            except KafkaException:
                continue
            self._note(found)
        client.close()

    def _note(self, found: list[TopicPartition]) -> None:
        now, sums = time.monotonic(), defaultdict[int, int](int)
        for at in found:
            sums[at.partition] += max(at.offset, 0)
        for number, total in sums.items():
            if total != self.committed.get(number, 0):
                self.gaps[number] = max(self.gaps[number], now - self.moved_at[number])
                self.moved_at[number] = now
        self.committed = dict(sums)
