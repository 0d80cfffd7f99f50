"""The page's news, once a second whatever the traffic: built once per brand, shared by everyone who looks at it."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

from aiokafka.errors import KafkaError
from msgspec import Struct

from agents.serve.board import Board, Sections
from agents.serve.copy.connection import LOST
from agents.serve.copy.lookups import Lookups
from agents.serve.flow.broker import Broker
from agents.serve.flow.traffic import Meter
from agents.serve.flow.waits import Watch, choose
from agents.serve.metrics import Heartbeat, Metrics
from agents.serve.reader import Reader
from agents.serve.state import State

log = logging.getLogger(__name__)

TICK_S = 1.0
BRANDS = 100  # that the page offers
LOOK_S = 0.2  # between two looks at who waits
WORKERS_EVERY = 5  # ticks between two counts of workers


class Status(Struct):
    """How the pipeline is, as the page tells it."""

    caught_up: bool
    behind: int
    workers: int | None
    trouble: str | None


class Live:
    """Everything that pages are told; ``tick`` grows by one each time there may be news."""

    def __init__(self, lookups: Lookups, meter: Meter, metrics: Metrics, state: State) -> None:
        """Take what it is told from."""
        self.lookups, self.meter, self.metrics, self.state = lookups, meter, metrics, state
        self.tick = 0
        self.watched: Counter[str] = Counter()  # brand -> pages
        self.closing = False
        self._watch = Watch()
        self._boards: dict[str, Board] = {}
        self._common = Sections()
        self._news = asyncio.Condition()

    async def ask(self, broker: Broker, reader: Reader) -> None:
        """Ask the broker, every second for ever; a slow one makes the points fewer, not the page's news."""
        async for turn in _every(TICK_S):
            await self._ask(broker, reader, with_workers=turn % WORKERS_EVERY == 0)

    async def watch(self, broker: Broker, reader: Reader) -> None:
        """See how long events wait for their score, five times a second for ever; trouble is told by ``ask``."""
        async for _ in _every(LOOK_S):
            if reader.source is None or self.state.kafka is not None:
                continue
            partitions, at = choose(reader.source.inputs), time.monotonic()
            with suppress(KafkaError, OSError, TimeoutError):
                ends = await broker.ends(partitions)
                self._watch.look(at, ends, await broker.done(partitions))

    async def tell(self, heartbeat: Heartbeat) -> None:
        """Build what is watched and let the pages have it, every second for ever."""
        due = time.monotonic()
        async for _ in _every(TICK_S):
            now = time.monotonic()
            self.metrics.loop_lag.set(max(0.0, now - due))
            due = now + TICK_S
            heartbeat.beat()
            await self._build()

    async def _ask(self, broker: Broker, reader: Reader, *, with_workers: bool) -> None:
        source = reader.source
        if source is None:
            return
        try:
            done = await broker.done(source.inputs)  # before the ends, or it could stand beyond them
            ends = await broker.ends([*source.inputs, *source.outputs])
            begins = await broker.begins(source.inputs)
            if with_workers or self.state.workers is None:
                self.state.workers = await broker.workers()
        except (KafkaError, OSError, TimeoutError) as error:
            if self.state.kafka is None:
                log.warning("Kafka does not answer: %s", error or type(error).__name__)
            self.state.kafka, self.state.workers = "Kafka does not answer", None
            return
        self.state.kafka = None
        now = int(time.time() * 1000)
        waits = self._watch.figures(time.monotonic())
        self.meter.add(now, begins, {part: ends[part] for part in source.inputs}, done, waits)
        reader.measure({part: ends[part] for part in source.outputs})

    async def _build(self) -> None:
        tick = self.tick + 1
        try:
            async with asyncio.timeout(TICK_S):  # a slow Redis must not keep the page from being told so
                self._common.put(tick, "brands", await self.lookups.brands(BRANDS))
                for brand in list(self.watched):
                    await self._boards.setdefault(brand, Board(brand)).build(tick, self.lookups)
        except LOST as error:
            log.debug("nothing new for the page: %s", error)  # the reader tells and counts it
        state = self.state
        status = Status(state.caught_up, state.behind, state.workers, state.redis or state.kafka or state.reading)
        self._common.put(tick, "status", status)
        self._common.put(tick, "now", self.meter.now)
        self._boards = {brand: board for brand, board in self._boards.items() if self.watched[brand]}
        async with self._news:
            self.tick = tick
            self._news.notify_all()

    async def first(self, brand: str) -> bytes:
        """Return what a page needs to begin: the history of the chart, and everything as it is now."""
        board, history = Board(brand), Sections()
        history.put(1, "history", list(self.meter.history))
        try:
            await board.build(1, self.lookups)
        except LOST as error:
            log.debug("a page begins with empty lists: %s", error)
        return _message(history.since(0) + self._common.since(0) + board.sections.since(0))

    async def next(self, brand: str, seen: int, known: int) -> tuple[int, bytes] | None:
        """Wait for a tick newer than ``seen`` and return it, with what changed after tick ``known``.

        None: we are closing.
        """
        async with self._news:
            await self._news.wait_for(lambda: self.tick > seen or self.closing)
        if self.closing:
            return None
        board = self._boards.get(brand)
        return self.tick, _message(self._common.since(known) + (board.sections.since(known) if board else []))

    async def close(self) -> None:
        """Let every page go, so that a stop does not wait for them."""
        async with self._news:
            self.closing = True
            self._news.notify_all()


def _message(pieces: list[bytes]) -> bytes:
    return b"data: {%b}\n\n" % b",".join(pieces)


async def _every(seconds: float) -> AsyncIterator[int]:
    """Count from 0, once in so many seconds; what a slow round missed is not made up for by a burst."""
    turn, due = 0, time.monotonic()
    while True:
        yield turn
        turn, due = turn + 1, max(due + seconds, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
