"""Faust's consumer, with blocks in place of messages and without its commit: offsets are the flush's to commit."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from agents.transport.blocks import RawBlock
from agents.transport.fetched import Fetched
from agents.transport.membership import Membership
from agents.transport.order import Order
from agents.transport.thread import Thread

POLL_S = 1.0
BACKLOG, BACKLOG_OF_ONE = 5_000, 1_000  # records that wait to be folded, and that wait in one partition
SIBLING_S = 0.1  # that a block may wait for an older one of another topic of its partition


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


class Consumer(driver.Consumer):
    """Yields messages of blocks: ``offset`` is the first's next fetch offset less one, ``value`` all of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner: Owner = self.transport.owner
        self.order = Order()
        self.fetched = Fetched()
        self.delivered: dict[TP, int] = {}
        self.heard: dict[TP, int] = {}  # when the broker answered with the newest records, ms
        self.done = asyncio.Event()  # the last message is applied, or will never be
        self.done.set()

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    def behind(self, tp: TP) -> int | None:
        """Return how many records of a partition are yet to be fetched; None: not known yet."""
        state = self._state(tp)
        if state is None:
            return None
        # up to the last stable offset: beyond it stands another worker's open transaction
        return None if state.lso is None or not state.has_valid_position else max(state.lso - state.position, 0)

    def is_behind(self) -> bool:
        """Return whether there is a backlog, more than a steady feed has on its way."""
        waits = self.order.records() > BACKLOG
        return waits or any((self.behind(tp) or 0) > BACKLOG_OF_ONE for tp in list(self._active_partitions))

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and yield one message with all blocks whose turn it is, the oldest event first.

        One message is on its way at a time: what comes meanwhile waits here and goes together, for a message costs
        Faust as much as a thousand events.
        """
        generation = self.app.consumer_generation_id
        wanted = {tp for tp in self._get_active_partitions() if not self.order.is_full(tp)}
        patience = POLL_S if not self.order else SIBLING_S if self.order.lacks(self._lagging()) else 0.0
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        elif not self._get_active_partitions():
            await self.sleep(SIBLING_S)
        else:
            self._thread.generation = generation
            found = await self._thread.getmany(wanted, patience)
            if self._is_current(generation):  # else from before a rebalance: it is read again from what is committed
                for tp, block in found.items():
                    self.order.add(tp, block)
                    self.fetched.add(tp, block)
                    if len(block.records):
                        self.heard[tp] = self._asked(tp)
        await self.done.wait()
        blocks = self._next() if self.order and self._is_current(generation) else []
        if blocks:
            self.done.clear()
            yield blocks[0][0], self._message(blocks)

    def _next(self) -> list[tuple[TP, RawBlock]]:
        """Take blocks until one of a lagging topic is wanted that is not here."""
        lagging, blocks = self._lagging(), [self.order.oldest()]
        while self.order and not self.order.lacks(lagging):
            blocks.append(self.order.oldest())
        self.delivered |= {tp: block.next_offset for tp, block in blocks}
        return blocks

    def lagging(self, applied: Mapping[TP, int | None]) -> set[TP]:
        """Return the inputs of one partition number of which there is more than what is applied, or nobody knows yet.

        So it is too with one that was asked longer ago than the newest records of another came: a fetch leaves out what
        still has records waiting, and what is written meanwhile is not known of.
        """
        newest = max(self.heard.get(tp, 0) for tp in applied)
        return {tp for tp, at in applied.items() if self._is_lagging(tp, at) or self._asked(tp) < newest}

    def _is_lagging(self, tp: TP, applied: int | None) -> bool:
        behind = self.behind(tp)
        return behind is None or behind > 0 or tp in self.order.waiting or self.delivered.get(tp, applied) != applied

    def _asked(self, tp: TP) -> int:
        """Return when the broker last answered for a partition, ms; 0: never."""
        state = self._state(tp)
        return 0 if state is None else state.timestamp or 0

    def _state(self, tp: TP) -> Any:
        """Return what aiokafka knows of a partition that is assigned, else None."""
        assignment = self._thread._ensure_consumer()._subscription.subscription.assignment
        return None if assignment is None or tp not in assignment.tps else assignment.state_value(tp)

    def _lagging(self) -> set[TP]:
        return {tp for tp in self._active_partitions if self.behind(tp)}

    def _is_current(self, generation: int) -> bool:
        return self.flow_active and not self.should_stop and self.app.consumer_generation_id == generation

    def _message(self, blocks: list[tuple[TP, RawBlock]]) -> ConsumerMessage:
        tp, last = blocks[0][0], max(block.next_offset for tp, block in blocks if tp == blocks[0][0])
        return ConsumerMessage(
            tp.topic, tp.partition, last - 1, None, None, None, None, blocks, None, None, None, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is in hand while the group still takes it from us, then go on as Faust does."""
        self.stop_flow()
        self._forget()
        await self.owner.give_up()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell the owner first, whatever Faust makes of it."""
        self.stop_flow()  # nothing is delivered between resuming partitions and the end of the seek
        self._forget()
        self.owner.take(assigned, self._thread.who)
        await super().on_partitions_assigned(assigned, generation_id)

    def _forget(self) -> None:
        """Drop what waits and what is on its way: it belongs to a generation that is over."""
        self.order.clear()
        self.fetched.clear()
        self.delivered.clear()
        self.heard.clear()
        self.done.set()

    async def perform_seek(self) -> None:
        """Go to the committed offsets, or the earliest where there are none; a rebalance meanwhile starts over."""
        try:
            await super().perform_seek()
            offsets = {tp: self._read_offset.get(tp) for tp in self.assignment()}
            earliest = await self._thread.positions({tp for tp, offset in offsets.items() if offset is None})
        except IllegalStateError as error:
            self.log.warning("seek interrupted by a rebalance: %s", error)
            return
        self.owner.sought({tp: offset for tp, offset in offsets.items() if offset is not None} | earliest)

    def ack(self, message: Any) -> bool:
        """Only note that a block is done: what is committed is said by the flush."""
        message.acked = True
        self._unacked_messages.discard(message)
        if message.generation_id == self.app.consumer_generation_id:
            self.fetched.drop_applied(self.delivered)
            self.done.set()
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Do nothing: offsets are part of the flush's transaction."""
        return False

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: ``Order`` holds back what is too much, and a full queue makes us wait."""

    on_buffer_drop = on_buffer_full

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: offsets of blocks jump."""


class Producer(driver.Producer):
    """Connects to nothing: what leaves the worker goes through the flush's transaction."""

    async def _nothing(self) -> None:
        """Do nothing."""

    on_start = on_stop = flush = _nothing


class Transport(driver.Transport):
    """The block transport of one app; ``options`` are those of every Kafka client: brokers, TLS, SASL."""

    Consumer = Consumer
    Producer = Producer

    def __init__(self, app: faust.App, options: Mapping[str, Any], owner: Owner) -> None:
        super().__init__(app.conf.broker, app)
        self.options, self.owner = options, owner
