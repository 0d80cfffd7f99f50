"""The records that are fetched and not yet applied: since when the oldest of them waits."""

from collections import defaultdict, deque
from collections.abc import Mapping

from faust.types import TP

from agents.transport.fetching import FetchedBatch


class Fetched:
    """Next offset and first timestamp of each record batch, by partition, until it is applied."""

    def __init__(self) -> None:
        self._batches: dict[TP, deque[tuple[int, int]]] = defaultdict(deque)

    def add(self, tp: TP, fetched: FetchedBatch) -> None:
        """Note what a fetch brought; a part without records has no age."""
        if len(fetched.records):
            self._batches[tp].append((fetched.next_offset, int(fetched.records.timestamp[0])))

    def drop_applied(self, applied: Mapping[TP, int]) -> None:
        """Forget what is before the next offsets to be applied."""
        for tp, offset in applied.items():
            batches = self._batches[tp]
            while batches and batches[0][0] <= offset:
                batches.popleft()

    def oldest(self, tp: TP, applied: int) -> int | None:
        """Return the timestamp in ms of the first record at or after the offset ``applied``; None: none is fetched.

        A batch is applied as a whole, so ``applied`` is where one ends.
        """
        return next((timestamp for next_offset, timestamp in self._batches[tp] if next_offset > applied), None)

    def clear(self) -> None:
        """Forget all: the partitions are read again from their committed offsets."""
        self._batches.clear()
