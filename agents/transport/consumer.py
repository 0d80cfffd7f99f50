"""Faust's consumer, with record batches in place of messages and without its commit: the flush commits offsets."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from agents.transport.fetched import Fetched
from agents.transport.membership import Membership
from agents.transport.partition_group import Batches, PartitionGroups
from agents.transport.thread import Thread

POLL_TIMEOUT_S, UNASSIGNED_S = 1.0, 0.1
BACKLOG, PARTITION_BACKLOG = 5_000, 1_000  # records that are buffered here, and that are to be fetched of one partition
BUSY, BUSY_OVER_MS = 0.5, 1_000  # share of the time above which a backlog is one of ours, not of a slow broker


class Owner(Protocol):
    """Who is told of our partitions; calls come in the order of events, in the main thread."""

    async def give_up(self) -> None:
        """Finish and commit what is in hand: all partitions are about to be revoked."""

    def take(self, assigned: set[TP], who: Membership) -> None:
        """Note the partitions of a new generation; what they hold is read later."""

    def sought(self, offsets: dict[TP, int]) -> None:
        """Note from where all partitions are read."""

    def fenced(self, reason: str) -> None:
        """End the process: other workers own our partitions."""


def now_ms() -> int:
    """Return the time in ms."""
    return time.time_ns() // 1_000_000


class BusyTime:
    """The share of the recent time in which messages were applied (Flink's busyTimeMsPerSecond).

    Weights fall by e within ``BUSY_OVER_MS``. All moments in ms.

    >>> busy = BusyTime(0)
    >>> busy.note(0, is_busy=False)
    >>> round(busy.share(1_000), 2)
    0.37
    """

    def __init__(self, now: int) -> None:
        self._share, self._at, self._is_busy = 1.0, now, True  # at a start there is most often a backlog

    def note(self, now: int, *, is_busy: bool) -> None:
        """Note that a message begins to be applied, or is applied."""
        self._share, self._at, self._is_busy = self.share(now), now, is_busy

    def share(self, now: int) -> float:
        """Return the share, 0 to 1."""
        kept = math.exp(-max(now - self._at, 0) / BUSY_OVER_MS)
        return self._share * kept + (1.0 - kept) * self._is_busy


class Consumer(driver.Consumer):
    """Yields messages of batches: ``offset`` is the first's next fetch offset less one, ``value`` all of them."""

    _thread: Thread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner: Owner = self.transport.owner
        self.clock: Callable[[], int] = self.transport.clock
        self.groups = PartitionGroups()
        self.fetched = Fetched()
        self.delivered: dict[TP, int] = {}  # next offset of the newest batch delivered
        self.fetched_at: dict[TP, int] = {}  # when the broker answered with the newest records, ms
        self.busy = BusyTime(self.clock())
        self.done = asyncio.Event()  # the last message is applied, or will never be
        self.done.set()

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    def lag(self, tp: TP) -> int | None:
        """Return how many records of a partition are yet to be fetched; None: not known yet."""
        return self._thread.lag(tp)

    def has_backlog(self) -> bool:
        """Return whether there is more to process than we can at once, so that few large transactions pay.

        What a slow broker has yet to send is no such backlog: we wait for it, and the other partitions must not.
        """
        if self.busy.share(self.clock()) < BUSY:
            return False
        lags = (self.lag(tp) or 0 for tp in list(self._active_partitions))
        return self.groups.records() > BACKLOG or any(lag > PARTITION_BACKLOG for lag in lags)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and yield one message with all batches that can be processed now.

        One message is on its way at a time: what comes meanwhile is buffered and goes together, for a message costs
        Faust as much as a thousand events.
        """
        generation = self.app.consumer_generation_id
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        elif not self._get_active_partitions():
            await self.sleep(UNASSIGNED_S)
        elif await self._fetch(generation):
            # What comes while the last message is applied is fetched afterwards: that time is not spent on waiting.
            lagging, now = self._lagging(), self.clock()
            await self.done.wait()
            batches = self.groups.poll(lagging, now) if self._is_current(generation) else []
            if batches:
                self.done.clear()
                self.busy.note(self.clock(), is_busy=True)
                yield batches[0][0], self._message(batches)

    async def _fetch(self, generation: int) -> bool:
        """Buffer what was fetched; return False if a rebalance came meanwhile: it is read from the offsets again."""
        wanted = {tp for tp in self._get_active_partitions() if not self.groups.is_full(tp)}
        idle_left = self.groups.idle_left(self.clock())
        self._thread.generation = generation
        fetched = await self._thread.getmany(wanted, POLL_TIMEOUT_S if idle_left is None else idle_left / 1000)
        if not self._is_current(generation):
            return False
        now = self.clock()
        for tp, batch in fetched.items():
            self.groups.add(tp, batch, now)
            self.fetched.add(tp, batch)
            if len(batch.records):
                self.fetched_at[tp] = self._thread.fetched_at(tp)
        return True

    def _lagging(self) -> set[TP]:
        """Return the partitions of which more is on the broker than was fetched, or may be (KIP-695)."""
        return {tp for tp in self._active_partitions if self.lag(tp) != 0} if self.groups else set()

    def with_lag(self, applied: Mapping[TP, int | None]) -> set[TP]:
        """Return the inputs of one partition number of which there is more than what is applied, or nobody knows yet.

        An input that was fetched longer ago than the newest records of another one counts too: a fetch leaves out
        partitions that have records buffered, and what is written to them meanwhile is not known.

        Args:
            applied: next offset to be applied by input; None: not known.
        """
        newest = max(self.fetched_at.get(tp, 0) for tp in applied)
        return {tp for tp, offset in applied.items() if self._has_lag(tp, offset, newest)}

    def _has_lag(self, tp: TP, applied: int | None, newest: int) -> bool:
        is_read = self.lag(tp) == 0 and not self.groups.is_buffered(tp) and self.delivered.get(tp, applied) == applied
        return not is_read or self._thread.fetched_at(tp) < newest

    def _is_current(self, generation: int) -> bool:
        return self.flow_active and not self.should_stop and self.app.consumer_generation_id == generation

    def _message(self, batches: Batches) -> ConsumerMessage:
        self.delivered |= {tp: batch.next_offset for tp, batch in batches}
        tp, last = batches[0][0], max(batch.next_offset for tp, batch in batches if tp == batches[0][0])
        return ConsumerMessage(
            tp.topic, tp.partition, last - 1, None, None, None, None, batches, None, None, None, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is applied while the group still accepts it, then continue as Faust does."""
        self.stop_flow()
        self._clear()
        await self.owner.give_up()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Call the owner first, whatever Faust does with it."""
        self.stop_flow()  # nothing is delivered between resuming partitions and the end of the seek
        self._clear()
        self.owner.take(assigned, self._thread.group_metadata)
        await super().on_partitions_assigned(assigned, generation_id)

    def _clear(self) -> None:
        """Drop what is buffered and what is on its way: it belongs to a generation that is over."""
        self.groups.clear()
        self.fetched.clear()
        self.delivered.clear()
        self.fetched_at.clear()
        self.busy = BusyTime(self.clock())
        self.done.set()

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, or the earliest where there are none; a rebalance meanwhile starts over."""
        try:
            await super().perform_seek()
            offsets = {tp: self._read_offset.get(tp) for tp in self.assignment()}
            earliest = await self._thread.positions({tp for tp, offset in offsets.items() if offset is None})
        except IllegalStateError as error:
            self.log.warning("seek interrupted by a rebalance: %s", error)
            return
        self.owner.sought({tp: offset for tp, offset in offsets.items() if offset is not None} | earliest)

    def ack(self, message: Any) -> bool:
        """Note that a message is applied; the flush commits."""
        message.acked = True
        self._unacked_messages.discard(message)
        if message.generation_id == self.app.consumer_generation_id:
            self.fetched.drop_applied(self.delivered)
            self.busy.note(self.clock(), is_busy=False)
            self.done.set()
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Do nothing: offsets are part of the flush's transaction."""
        return False

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: what is too much is not fetched (``is_full``), and a full queue makes us wait."""

    on_buffer_drop = on_buffer_full

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: offsets of batches jump."""


class Producer(driver.Producer):
    """Connects to nothing: what leaves the worker goes through the flush's transaction."""

    async def _nothing(self) -> None:
        """Do nothing."""

    on_start = on_stop = flush = _nothing


class Transport(driver.Transport):
    """The transport of one app.

    Args:
        app: whose consumer it makes.
        options: those of every Kafka client: brokers, TLS, SASL.
        owner: is called at each rebalance.
        clock: returns the time in ms.
    """

    Consumer = Consumer
    Producer = Producer

    def __init__(
        self, app: faust.App, options: Mapping[str, Any], owner: Owner, clock: Callable[[], int] = now_ms
    ) -> None:
        super().__init__(app.conf.broker, app)
        self.options, self.owner, self.clock = options, owner, clock
