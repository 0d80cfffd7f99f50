"""The charts' seconds: events by topic from the growth of end offsets, how far the workers are behind, the waits."""

from collections import deque
from collections.abc import Mapping

from aiokafka import TopicPartition
from msgspec import Struct

from agents.serve.flow.waits import Waits
from schemas.topics import INPUTS

KEPT_S = 300  # of the chart


class Point(Struct, frozen=True, array_like=True):
    """One second; short names of fields would not help, it is sent as an array."""

    at: int  # ms since the epoch
    rates: list[float]  # events per second, in the order of ``schemas.topics.INPUTS``
    lag: int | None  # events that the workers have not scored yet; None: the group is not known
    p50: float | None = None  # seconds that events waited for their score; None: none was seen
    p95: float | None = None


class Meter:
    """Turns offsets, asked every second or so, into points."""

    def __init__(self, inputs: Mapping[str, int]) -> None:
        """Take the full names of the input topics and their places in ``INPUTS``."""
        self.places = dict(inputs)
        self.history: deque[Point] = deque(maxlen=KEPT_S)
        self._before: tuple[int, Mapping[TopicPartition, int]] | None = None

    def add(
        self,
        at: int,
        begins: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        done: Mapping[TopicPartition, int],
        waits: Waits | None = None,
    ) -> None:
        """Take one answer: first and end offsets of the inputs, what the workers committed, how long events wait."""
        lag = (
            sum(max(0, end - max(begins.get(part, 0), done.get(part, 0))) for part, end in ends.items())
            if done
            else None
        )
        rates = [0.0] * len(INPUTS)
        if self._before is not None and at > self._before[0]:
            since, old = self._before
            for part, end in ends.items():
                # A topic that was made anew starts below where the old one ended: that is no negative traffic.
                rates[self.places[part.topic]] += max(0, end - old.get(part, end)) * 1000 / (at - since)
        self._before = at, dict(ends)
        half, most = (waits.p50, waits.p95) if waits else (None, None)
        self.history.append(Point(at, [round(rate, 1) for rate in rates], lag, half, most))

    @property
    def now(self) -> Point | None:
        """The newest point."""
        return self.history[-1] if self.history else None
