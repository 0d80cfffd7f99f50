"""Which record batches are processed next: Kafka Streams' PartitionGroup, one per partition number.

A fan's events have one partition number in all input topics. So only the topics of one number are merged by timestamp:
active days within nine weeks, tiers and the lifecycle depend on that order, sums do not.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator

from faust.types import TP

from agents.transport.fetching import FetchedBatch
from streams.wire.json_lines import event_time
from streams.wire.records import Records

MAX_BUFFERED_BATCHES = 2  # of one topic-partition; more are left to the fetcher
MAX_TASK_IDLE_MS = 100  # that a batch waits for an older one of another topic of its partition number
MAX_RECORDS_READ = 8  # in search of an event time

Batches = list[tuple[TP, FetchedBatch]]


def batch_timestamp(records: Records, partition_time: int, now: int) -> int:
    """Return the event time of the first record that has a readable one, in ms, never before ``partition_time``.

    An event time after ``now`` is passed over. Reduced to ``now`` it would still keep its partition from being
    processed until the whole backlog of its siblings is.

    Args:
        records: of one batch; the first ``MAX_RECORDS_READ`` are read.
        partition_time: timestamp of the batch before it in its topic-partition, ms; 0 for the first one.
        now: ms.

    >>> batch_timestamp(Records.of([]), 7, 10)
    7
    """
    for i in range(min(len(records), MAX_RECORDS_READ)):
        timestamp = event_time(records[i].value)
        if timestamp is not None and timestamp <= now:
            return max(timestamp, partition_time)
    return partition_time


class RecordQueue:
    """The buffered batches of one topic-partition, in the order of their offsets."""

    def __init__(self) -> None:
        self.partition_time = 0  # timestamp of the newest batch added, ms
        self._batches: deque[tuple[int, FetchedBatch]] = deque()

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[FetchedBatch]:
        return (batch for _, batch in self._batches)

    @property
    def head_timestamp(self) -> int:
        """Timestamp of the batch that is next, ms."""
        return self._batches[0][0]

    def add(self, batch: FetchedBatch, now: int) -> None:
        """Append a batch that was fetched; ``now`` in ms."""
        self.partition_time = batch_timestamp(batch.records, self.partition_time, now)
        self._batches.append((self.partition_time, batch))

    def pop(self) -> FetchedBatch:
        """Remove and return the batch that is next."""
        return self._batches.popleft()[1]


class PartitionGroup:
    """The queues of one partition number over its co-partitioned topics."""

    def __init__(self) -> None:
        self.queues: dict[TP, RecordQueue] = {}
        self._idle_since: int | None = None  # when the head began to wait for a topic with lag, ms

    def __bool__(self) -> bool:
        return any(self.queues.values())

    def add(self, tp: TP, batch: FetchedBatch, now: int) -> None:
        """Buffer a batch; ``now`` in ms."""
        self.queues.setdefault(tp, RecordQueue()).add(batch, now)

    def poll(self, partitions_with_lag: Collection[TP], now: int) -> Batches:
        """Remove and return the batches that can be processed now, the oldest first.

        The head waits while a topic with lag has no batch here, for that may be older; for ``MAX_TASK_IDLE_MS`` at
        most, and not if that topic's time has passed it. When the time is over, all that is buffered is returned.

        Args:
            partitions_with_lag: topic-partitions of this number of which more is on the broker than was fetched,
                whether or not a batch of them is buffered.
            now: ms.
        """
        ready: Batches = []
        while self and not self._must_wait(partitions_with_lag):
            ready.append(self._pop())
        if not self:
            self._idle_since = None
        elif ready or self._idle_since is None:
            self._idle_since = now
        elif self.idle_left(now) == 0:
            while self:
                ready.append(self._pop())
            self._idle_since = None
        return ready

    def idle_left(self, now: int) -> int:
        """Return for how many more ms the head waits; 0 if it does not wait, or the clock was set back meanwhile."""
        idle = MAX_TASK_IDLE_MS if self._idle_since is None else now - self._idle_since
        return MAX_TASK_IDLE_MS - idle if 0 <= idle < MAX_TASK_IDLE_MS else 0

    def _head(self) -> TP:
        buffered = (tp for tp, queue in self.queues.items() if queue)
        return min(buffered, key=lambda tp: self.queues[tp].head_timestamp)

    def _pop(self) -> tuple[TP, FetchedBatch]:
        tp = self._head()
        return tp, self.queues[tp].pop()

    def _must_wait(self, partitions_with_lag: Collection[TP]) -> bool:
        if not partitions_with_lag:
            return False
        head = self.queues[self._head()].head_timestamp
        return any(self._may_be_older(tp, head) for tp in partitions_with_lag)

    def _may_be_older(self, tp: TP, timestamp: int) -> bool:
        """Return whether the batch that a topic-partition brings next may be older than a timestamp."""
        queue = self.queues.get(tp)
        return timestamp > 0 if queue is None else not queue and queue.partition_time < timestamp


class PartitionGroups:
    """One PartitionGroup per partition number; none waits for another."""

    def __init__(self) -> None:
        self.groups: dict[int, PartitionGroup] = {}

    def __bool__(self) -> bool:
        return any(self.groups.values())

    def add(self, tp: TP, batch: FetchedBatch, now: int) -> None:
        """Buffer a batch; ``now`` in ms."""
        self.groups.setdefault(tp.partition, PartitionGroup()).add(tp, batch, now)

    def poll(self, partitions_with_lag: Iterable[TP], now: int) -> Batches:
        """Remove and return what each group can process now; see ``PartitionGroup.poll``."""
        by_number: dict[int, list[TP]] = {}
        for tp in partitions_with_lag:
            by_number.setdefault(tp.partition, []).append(tp)
        return [ready for number, group in self.groups.items() for ready in group.poll(by_number.get(number, ()), now)]

    def idle_left(self, now: int) -> int | None:
        """Return in how many ms a group stops waiting, the first one of them; None: nothing is buffered."""
        return min((group.idle_left(now) for group in self.groups.values() if group), default=None)

    def is_buffered(self, tp: TP) -> bool:
        """Return whether a batch of a topic-partition waits here."""
        return self._buffered(tp) > 0

    def is_full(self, tp: TP) -> bool:
        """Return whether no more batches of a topic-partition are to be fetched for now."""
        return self._buffered(tp) >= MAX_BUFFERED_BATCHES

    def records(self) -> int:
        """Return how many records are buffered."""
        queues = (queue for group in self.groups.values() for queue in group.queues.values())
        return sum(len(batch.records) for queue in queues for batch in queue)

    def clear(self) -> None:
        """Drop everything: the partitions are read again from their committed offsets."""
        self.groups.clear()

    def _buffered(self, tp: TP) -> int:
        group = self.groups.get(tp.partition)
        return len(group.queues.get(tp, ())) if group else 0
