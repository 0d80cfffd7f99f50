"""Faust's consumer, with record batches in place of messages and without its commit: the flush commits offsets."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from agents.clock import Clock
from agents.transport.fetched import Fetched
from agents.transport.group_metadata import GroupMetadata
from agents.transport.partition_group import Batches, PartitionGroups
from agents.transport.thread import Thread

POLL_TIMEOUT_S, UNASSIGNED_S = 1.0, 0.1
BACKLOG, PARTITION_BACKLOG = 5_000, 1_000  # records that are buffered here, and that are to be fetched of one partition
BUSY, BUSY_OVER_MS = 0.5, 1_000  # share of the time above which a backlog is one of ours, not of a slow broker


class AssignmentListener(Protocol):
    """Who is called at each rebalance; calls come in the order of events, in the main thread."""

    async def on_partitions_revoked(self) -> None:
        """Finish and commit what is applied: all partitions are about to be revoked."""

    def on_partitions_assigned(self, assigned: set[TP], member: GroupMetadata) -> None:
        """Take the partitions of a new generation; what they hold is restored later."""

    def is_incomplete(self, assigned: set[TP]) -> bool:
        """Return whether an assignment was made for another subscription than ours; called from another thread."""

    def is_clock(self, tp: TP) -> bool:
        """Return whether a partition is of the clock topic, which is no traffic."""

    def owns(self, tp: TP) -> bool:
        """Return whether records of a partition may be processed: its task is ours."""

    def starting_offsets(self, committed: Mapping[TP, int | None]) -> dict[TP, int]:
        """Return where reading begins where that is not the committed offset."""

    def on_seek(self, offsets: dict[TP, int]) -> None:
        """Take the offsets from which all partitions are read."""

    def on_fenced(self, reason: str) -> None:
        """End the process: other workers own our partitions."""


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
        self.listener: AssignmentListener = self.transport.listener
        self.clock: Clock = self.transport.clock
        self.groups = PartitionGroups()
        self.fetched = Fetched()
        self.delivered: dict[TP, int] = {}  # next offset of the newest batch delivered
        self.fetched_at: dict[TP, int] = {}  # when the broker answered with the newest records, ms
        self.busy = BusyTime(self.clock.now())
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
        if self.busy.share(self.clock.now()) < BUSY:
            return False
        lags = (self.lag(tp) or 0 for tp in list(self._active_partitions) if self.listener.owns(tp))
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
            partitions_with_lag, now = self._partitions_with_lag(), self.clock.now()
            await self.done.wait()
            batches = self.groups.poll(partitions_with_lag, now) if self._is_current(generation) else []
            if batches:
                self.done.clear()
                self.busy.note(self.clock.now(), is_busy=True)
                yield batches[0][0], self._message(batches)

    async def _fetch(self, generation: int) -> bool:
        """Buffer what was fetched; return False if a rebalance came meanwhile: it is read from the offsets again."""
        wanted = {tp for tp in self._get_active_partitions() if self.listener.owns(tp) and not self.groups.is_full(tp)}
        idle_left = self.groups.idle_left(self.clock.now())
        self._thread.generation = generation
        fetched = await self._thread.getmany(wanted, POLL_TIMEOUT_S if idle_left is None else idle_left / 1000)
        if not self._is_current(generation):
            return False
        now = self.clock.now()
        for tp, batch in fetched.items():
            self.groups.add(tp, batch, now)
            self.fetched.add(tp, batch)
            if len(batch.records):
                self.fetched_at[tp] = self._thread.fetched_at(tp)
        return True

    def _partitions_with_lag(self) -> set[TP]:
        """Return the partitions of which more is on the broker than was fetched, or may be (KIP-695)."""
        owned = (tp for tp in self._active_partitions if self.listener.owns(tp))
        return {tp for tp in owned if self.lag(tp) != 0} if self.groups else set()

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
        await self.listener.on_partitions_revoked()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Call the owner first, whatever Faust does with it."""
        self.stop_flow()  # nothing is delivered between resuming partitions and the end of the seek
        self._clear()
        self.listener.on_partitions_assigned(assigned, self._thread.group_metadata)
        await super().on_partitions_assigned(assigned, generation_id)

    def _clear(self) -> None:
        """Drop what is buffered and what is on its way: it belongs to a generation that is over."""
        self.groups.clear()
        self.fetched.clear()
        self.delivered.clear()
        self.fetched_at.clear()
        self.busy = BusyTime(self.clock.now())
        self.done.set()

    async def perform_seek(self) -> None:
        """Seek to applied offsets, else committed ones, else the earliest; a rebalance meanwhile starts over."""
        try:
            await super().perform_seek()
            committed = {tp: self._read_offset.get(tp) for tp in self.assignment()}
            starts = self.listener.starting_offsets(committed)
            for tp, offset in starts.items():
                await self.seek(tp, offset)
            known = {tp: offset for tp, offset in committed.items() if offset is not None} | starts
            earliest = await self._thread.positions(set(committed) - set(known))
        except IllegalStateError as error:
            self.log.warning("seek interrupted by a rebalance: %s", error)
            return
        self.listener.on_seek(known | earliest)

    def ack(self, message: Any) -> bool:
        """Note that a message is applied; the flush commits."""
        message.acked = True
        self._unacked_messages.discard(message)
        if message.generation_id == self.app.consumer_generation_id:
            self.fetched.drop_applied(self.delivered)
            self.busy.note(self.clock.now(), is_busy=False)
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
        listener: is called at each rebalance.
        clock: says what time it is.
    """

    Consumer = Consumer
    Producer = Producer

    def __init__(self, app: faust.App, options: Mapping[str, Any], listener: AssignmentListener, clock: Clock) -> None:
        super().__init__(app.conf.broker, app)
        self.options, self.listener, self.clock = options, listener, clock
