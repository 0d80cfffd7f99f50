"""How long events wait for their score: seen on the broker, until the workers' commit has passed them.

The wait is watched from outside, by offsets alone: no clock of a producer is in it, and no record is read. It has the
grain of the looks: each end of it is known as exactly as the pause between two of them.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import groupby
from math import ceil

from aiokafka import TopicPartition
from msgspec import Struct

WATCHED = 12  # partitions; what happens in the others is no different
WINDOW_S = 10.0  # that the figures are of
GRAIN = 100  # a wait is known to this part of the longest one: while workers are away, memory grows ever more slowly
LONG_S = 1.0  # an event that waits longer counts before it is done, or a worker that stands still would look quick


class Waits(Struct, frozen=True):
    """Half of the events, and 95 of 100, were scored within these seconds; the score is committed, not on its way."""

    p50: float
    p95: float


class Watch:
    """Tells from what is seen of some partitions, five times a second or so, how long events waited."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._ends: dict[TopicPartition, int] = {}
        self._waiting: dict[TopicPartition, deque[tuple[int, float, int]]] = {}  # end, when seen, events up to it
        self._done: deque[tuple[float, float, int]] = deque()  # when, seconds waited, events

    def look(self, at: float, ends: Mapping[TopicPartition, int], done: Mapping[TopicPartition, int]) -> None:
        """Take end offsets and then committed offsets, both asked at ``at``, in seconds of a steady clock."""
        for part, end in ends.items():
            waiting, before = self._waiting.setdefault(part, deque()), self._ends.get(part, end)
            if end < before:  # the topic was made anew
                waiting.clear()
            elif end > before:
                if waiting and at - waiting[-1][1] < (at - waiting[0][1]) / GRAIN:
                    _, seen, events = waiting.pop()
                    waiting.append((end, seen, events + end - before))
                else:
                    waiting.append((end, at, end - before))
            self._ends[part] = end
            while waiting and done.get(part, -1) >= waiting[0][0]:
                _, seen, events = waiting.popleft()
                self._done.append((at, at - seen, events))
        while self._done and self._done[0][0] < at - WINDOW_S:
            self._done.popleft()

    def figures(self, at: float) -> Waits | None:
        """Return how long events waited lately, those that still wait for long included; None without any."""
        late = [(at - seen, n) for waiting in self._waiting.values() for _, seen, n in waiting if at - seen > LONG_S]
        waits = sorted([(wait, n) for _, wait, n in self._done] + late)
        return Waits(_share(waits, 0.5), _share(waits, 0.95)) if waits else None


def _share(waits: list[tuple[float, int]], share: float) -> float:
    """Return the shortest wait that this share of all events did not exceed.

    >>> _share([(0.1, 50), (0.3, 45), (2.0, 5)], 0.5), _share([(0.1, 50), (0.3, 45), (2.0, 5)], 0.96)
    (0.1, 2.0)
    """
    left = ceil(share * sum(n for _, n in waits))
    for wait, n in waits:
        left -= n
        if left <= 0:
            return round(wait, 3)
    return round(waits[-1][0], 3)


def choose(partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
    """Return the partitions to watch: as many of each topic, spread over its numbers.

    >>> [(part.topic, part.partition) for part in choose(TopicPartition(t, n) for t in "ab" for n in range(24))][:3]
    [('a', 0), ('a', 4), ('a', 8)]
    """
    topics = [list(parts) for _, parts in groupby(sorted(partitions), key=lambda part: part.topic)]
    each = max(1, WATCHED // max(1, len(topics)))
    return [part for parts in topics for part in parts[:: ceil(len(parts) / each)]]
