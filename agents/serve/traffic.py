"""The charts' figures from offsets alone: event rates by topic, the workers' lag, and how long events wait.

Latency is measured from outside: from the moment an end offset is seen to pass an event until the workers' committed
offset is. No producer's clock is in it, and no record is read. Its resolution is the pause between two observations.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import groupby
from math import ceil
from typing import TypeAlias

from aiokafka import TopicPartition
from msgspec import Struct

PartitionOffsets: TypeAlias = Mapping[TopicPartition, int]

HISTORY_S = 300  # shown in the charts
MAX_PARTITIONS = 12  # whose latency is sampled; the others behave alike
WINDOW_S = 10.0  # of the latency percentiles
RESOLUTION = (
    100  # waiting events within 1/100 of the longest wait are merged: memory stays bounded while workers are down
)
LONG_WAIT_S = 1.0  # a longer wait counts before it ends, or a worker that hangs would look fast


class LatencyPercentiles(Struct, frozen=True):
    """Seconds within which 50 % and 95 % of the events had their score committed."""

    p50: float
    p95: float


class TrafficPoint(Struct, frozen=True):
    """One second of the charts."""

    at: int  # epoch ms
    rates: dict[str, float]  # topic -> events per second
    lag: int | None  # events whose score is not committed yet; None: the group is unknown
    p50: float | None = None  # s; None: no event was observed
    p95: float | None = None


class RateSampler:
    """Turns offsets, asked about every second, into points of the charts."""

    def __init__(self, topics: Mapping[str, str]) -> None:
        """Take the input topics: name on the broker -> name that the page shows."""
        self.topics = dict(topics)
        self.history: deque[TrafficPoint] = deque(maxlen=HISTORY_S)
        self._previous: tuple[int, PartitionOffsets] | None = None

    def add(
        self,
        at: int,
        beginnings: PartitionOffsets,
        ends: PartitionOffsets,
        committed: PartitionOffsets,
        latency: LatencyPercentiles | None = None,
    ) -> None:
        """Add one observation of the inputs.

        Args:
            at: epoch ms.
            beginnings: first offsets that retention has left.
            ends: end offsets.
            committed: the workers' committed offsets; empty: the group is unknown.
            latency: percentiles of the last seconds.
        """
        lag = None
        if committed:
            lag = sum(
                max(0, end - max(beginnings.get(partition, 0), committed.get(partition, 0)))
                for partition, end in ends.items()
            )
        rates = dict.fromkeys(self.topics.values(), 0.0)
        if self._previous is not None and at > self._previous[0]:
            since, previous = self._previous
            for partition, end in ends.items():
                # A topic that was deleted and created again starts at zero: that is no negative traffic.
                growth = max(0, end - previous.get(partition, end))
                rates[self.topics[partition.topic]] += growth * 1000 / (at - since)
        self._previous = at, dict(ends)
        p50, p95 = (latency.p50, latency.p95) if latency else (None, None)
        self.history.append(TrafficPoint(at, {name: round(rate, 1) for name, rate in rates.items()}, lag, p50, p95))

    @property
    def newest(self) -> TrafficPoint | None:
        """The newest point."""
        return self.history[-1] if self.history else None


class LatencySampler:
    """Computes from a few observations a second of some partitions how long events waited for their score."""

    def __init__(self) -> None:
        self._ends: dict[TopicPartition, int] = {}
        self._waiting: dict[TopicPartition, deque[tuple[int, float, int]]] = {}  # end offset, seen at (s), events
        self._scored: deque[tuple[float, float, int]] = deque()  # seen at (s), waited (s), events

    def observe(self, at: float, ends: PartitionOffsets, committed: PartitionOffsets) -> None:
        """Take end offsets, then committed offsets, both asked at ``at``, in seconds of a monotonic clock."""
        for partition, end in ends.items():
            waiting, previous = self._waiting.setdefault(partition, deque()), self._ends.get(partition, end)
            if end < previous:  # the topic was deleted and created again
                waiting.clear()
            elif end > previous:
                if waiting and at - waiting[-1][1] < (at - waiting[0][1]) / RESOLUTION:
                    _, seen_at, events = waiting.pop()
                    waiting.append((end, seen_at, events + end - previous))
                else:
                    waiting.append((end, at, end - previous))
            self._ends[partition] = end
            while waiting and committed.get(partition, -1) >= waiting[0][0]:
                _, seen_at, events = waiting.popleft()
                self._scored.append((at, at - seen_at, events))
        while self._scored and self._scored[0][0] < at - WINDOW_S:
            self._scored.popleft()

    def percentiles(self, at: float) -> LatencyPercentiles | None:
        """Return the latency of the last seconds, events that still wait for long included; None without any."""
        late = [
            (at - seen_at, events)
            for waiting in self._waiting.values()
            for _, seen_at, events in waiting
            if at - seen_at > LONG_WAIT_S
        ]
        waits = sorted([(waiting_s, events) for _, waiting_s, events in self._scored] + late)
        return LatencyPercentiles(_percentile(waits, 0.5), _percentile(waits, 0.95)) if waits else None


def _percentile(waits: list[tuple[float, int]], share: float) -> float:
    """Return the shortest wait that this share of all events did not exceed; ``waits`` are sorted (s, events).

    >>> _percentile([(0.1, 50), (0.3, 45), (2.0, 5)], 0.5), _percentile([(0.1, 50), (0.3, 45), (2.0, 5)], 0.96)
    (0.1, 2.0)
    """
    remaining = ceil(share * sum(events for _, events in waits))
    for wait, events in waits:
        remaining -= events
        if remaining <= 0:
            return round(wait, 3)
    return round(waits[-1][0], 3)


def choose_partitions(partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
    """Return the partitions to sample: equally many of each topic, spread over its numbers.

    >>> inputs = [TopicPartition(topic, n) for topic in "ab" for n in range(24)]
    >>> [(partition.topic, partition.partition) for partition in choose_partitions(inputs)][:3]
    [('a', 0), ('a', 4), ('a', 8)]
    """
    topics = [list(group) for _, group in groupby(sorted(partitions), key=lambda partition: partition.topic)]
    per_topic = max(1, MAX_PARTITIONS // max(1, len(topics)))
    return [partition for group in topics for partition in group[:: ceil(len(group) / per_topic)]]
