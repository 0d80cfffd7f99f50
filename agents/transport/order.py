"""Which block comes next: the one whose first event is oldest, so that topics read from a backlog stay together.

Sums do not mind the order of topics; active days within nine weeks, tiers and the lifecycle do.
"""

from collections import defaultdict, deque
from collections.abc import Iterable

from faust.types import TP

from agents.transport.blocks import RawBlock
from streams.records.lines import event_time

MOST = 2  # blocks that wait for one partition of one topic; more are left to the fetcher


def first_time(block: RawBlock) -> int:
    """Return the event time of the first record that has one, in ms; 0 where none has."""
    for i in range(min(len(block.records), 8)):
        at = event_time(block.records[i].value)
        if at is not None:
            return at
    return 0


class Order:
    """Blocks that wait to be folded."""

    def __init__(self) -> None:
        self.waiting: dict[TP, deque[tuple[int, RawBlock]]] = defaultdict(deque)

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def add(self, tp: TP, block: RawBlock) -> None:
        """Let a block wait its turn."""
        self.waiting[tp].append((first_time(block), block))

    def is_full(self, tp: TP) -> bool:
        """Return whether no more blocks of ``tp`` are wanted for now."""
        return tp in self.waiting and len(self.waiting[tp]) >= MOST

    def records(self) -> int:
        """Return how many records wait."""
        return sum(len(block.records) for waiting in self.waiting.values() for _, block in waiting)

    def lacks(self, lagging: Iterable[TP]) -> bool:
        """Return whether a lagging partition has no block here, so that an older event may be on its way."""
        return any(tp not in self.waiting for tp in lagging)

    def oldest(self) -> tuple[TP, RawBlock]:
        """Take the block whose first event is oldest."""
        tp = min(self.waiting, key=lambda tp: self.waiting[tp][0][0])
        _, block = self.waiting[tp].popleft()
        if not self.waiting[tp]:
            del self.waiting[tp]
        return tp, block

    def clear(self) -> None:
        """Forget all: the partitions are read anew from their committed offsets."""
        self.waiting.clear()
