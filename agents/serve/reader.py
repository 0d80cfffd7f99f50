"""From the output topics to Redis: every partition, in batches; after any trouble from where Redis says it stands."""

import asyncio
import logging
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import ResponseError

from agents.errors import FanpulseError, UnavailableError
from agents.kafka.connection import aiokafka_options
from agents.serve.copy.batch import Batch
from agents.serve.copy.connection import LOST, REFUSED
from agents.serve.copy.store import MovedError, Store
from agents.serve.metrics import Metrics
from agents.serve.source import Source, describe
from agents.serve.state import State
from agents.settings import Settings
from schemas.topics import FAN_FLAGS, FAN_SCORES

log = logging.getLogger(__name__)

MOST = 2000  # records of a batch
PACE_S = 0.25  # between two batches when caught up: a fan who changes often is written less often
DESCRIBE_S = 30.0  # between two questions whether the topics are still the same
CHECK_S = 1.0  # between two questions whether Redis is still there and ours
BACK_OFF_S = (0.2, 5.0)  # first and longest pause after a failure


class Reader:
    """Keeps the copy up to date until it is cancelled.

    Whatever goes wrong, it goes back to the positions that stand in Redis beside the data, so that nothing is missed
    and nothing has to be remembered here.
    """

    def __init__(self, settings: Settings, store: Store, metrics: Metrics, state: State) -> None:
        """Take what it works with."""
        self.settings, self.store, self.metrics, self.state = settings, store, metrics, state
        self.positions: dict[TopicPartition, int] = {}
        self.source: Source | None = None
        self._short = {settings.names.fan_scores: FAN_SCORES, settings.names.fan_flags: FAN_FLAGS}
        self._checked = self._described = 0.0

    async def run(self) -> None:
        """Read for ever.

        Raises:
            UnavailableError: no broker answers at the start; later it is waited for.
            ConfigError: a topic is missing at the start.
        """
        self.source = await describe(self.settings)
        consumer = AIOKafkaConsumer(
            **aiokafka_options(self.settings),
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            max_poll_records=MOST,
            metadata_max_age_ms=30_000,
        )
        try:
            await consumer.start()
        except KafkaError as error:
            await consumer.stop()
            raise UnavailableError(f"no Kafka broker answers at {self.settings.broker}: {error}") from None
        try:
            await self._keep_on(consumer)
        finally:
            await consumer.stop()

    async def _keep_on(self, consumer: AIOKafkaConsumer) -> None:
        pause, longest = BACK_OFF_S
        while True:
            began = time.monotonic()
            try:
                await self._attach(consumer)
                await self._pump(consumer)
            except MovedError as moved:
                log.warning("reading on from where Redis stands: %s", moved)
            except LOST as error:
                self.metrics.redis_errors.inc()
                if self.state.redis is None:
                    log.warning("Redis failed, waiting for it: %s", error)
                refused = isinstance(error, (ResponseError, *REFUSED))
                self.state.redis = f"Redis refuses: {str(error)[:100]}" if refused else "Redis does not answer"
            except (KafkaError, FanpulseError) as error:
                self.state.reading = str(error)[:200] or type(error).__name__
                log.warning("cannot read the outputs, trying again: %s", self.state.reading)
            if time.monotonic() - began > longest:
                pause = BACK_OFF_S[0]
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _attach(self, consumer: AIOKafkaConsumer) -> None:
        """Seek to where the copy stands; without a copy, or with one of other records, to the beginning."""
        self.source = source = await describe(self.settings)
        self._described = time.monotonic()
        found = await self.store.open(source.id)
        if found is None:
            self.metrics.rebuilds.inc()
        stored = found or {}
        begins = await consumer.beginning_offsets(source.outputs)
        ends = await consumer.end_offsets(source.outputs)
        places = {part: stored.get(self._place(part), 0) for part in source.outputs}
        if any(places[part] > ends[part] for part in source.outputs):
            await self.store.restart()
            raise MovedError("a topic ends before the copy's position: it lost records or was made anew")
        self.state.caught_up = False
        consumer.assign(source.outputs)
        for part, at in places.items():
            consumer.seek(part, max(at, begins[part]))  # retention may have passed us: what it took is in no list
        self.positions = {part: max(at, begins[part]) for part, at in places.items()}
        self._goal = ends
        self.state.behind = self._behind(ends)
        log.info("reading %d partitions, %d records to catch up", len(places), self.state.behind)

    async def _pump(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            began = time.monotonic()
            # The time-out bounds how long a caught-up reader does not look at Redis.
            found = await consumer.getmany(timeout_ms=500, max_records=MOST)
            if found:
                await self._write(found)
            elif began - self._checked >= CHECK_S:
                await self.store.check()
                self._checked = began
            if began - self._described >= DESCRIBE_S:
                await self._still_the_same()
            self.state.redis = self.state.reading = None
            for part in self.positions:
                self.positions[part] = max(self.positions[part], await consumer.position(part))
            if not self.state.caught_up and not self._behind(self._goal):
                log.info("caught up")
                self.state.caught_up = True
            if sum(map(len, found.values())) < MOST:
                await asyncio.sleep(max(0.0, PACE_S - (time.monotonic() - began)))

    async def _still_the_same(self) -> None:
        """Make sure that the topics were not deleted and made again, which a fetch at a low offset would not notice."""
        if await describe(self.settings) != self.source:
            raise MovedError("the topics are others than before")
        self._described = time.monotonic()

    async def _write(self, found: dict[TopicPartition, list]) -> None:
        batch = Batch()
        for part, records in found.items():
            add = batch.add_scores if self._short[part.topic] == FAN_SCORES else batch.add_flags
            add(records)
            self.metrics.records.labels(self._short[part.topic]).inc(len(records))
        offsets = {self._place(part): records[-1].offset + 1 for part, records in found.items()}
        with self.metrics.write_duration.time():
            await self.store.write(batch, offsets, int(time.time() * 1000))
        self.metrics.dropped.labels("stale").inc(batch.stale)
        self.metrics.dropped.labels("unreadable").inc(batch.unreadable)
        if batch.unreadable:
            log.warning("%d output records could not be read and were left out", batch.unreadable)

    def measure(self, ends: dict[TopicPartition, int]) -> None:
        """Take end offsets of the outputs, asked elsewhere, and say how far Redis is behind."""
        for topic, short in self._short.items():
            behind = sum(max(0, end - self.positions.get(part, 0)) for part, end in ends.items() if part.topic == topic)
            self.metrics.lag.labels(short).set(behind)
        self.state.behind = self._behind(ends)

    def _behind(self, ends: dict[TopicPartition, int]) -> int:
        return sum(max(0, end - self.positions.get(part, 0)) for part, end in ends.items())

    def _place(self, part: TopicPartition) -> str:
        return f"{self._short[part.topic]}:{part.partition}"
