"""Reads the output topics into the serving store, in batches; after any failure from the store's applied offsets."""

import asyncio
import logging
import time

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import ResponseError

from agents.errors import FanpulseError, UnavailableError
from agents.kafka.connection import aiokafka_options
from agents.serve.broker import PipelineTopics, describe_topics
from agents.serve.metrics import ServeMetrics, ServeState
from agents.serve.records import OutputBatch
from agents.serve.redis_client import ACCESS_ERRORS, REDIS_ERRORS
from agents.serve.store import ServingStore, StaleEpochError
from agents.settings import Settings
from schemas.topics import FAN_FLAGS, FAN_SCORES

log = logging.getLogger(__name__)

MAX_BATCH_RECORDS = 2000
READ_POLL_MS = 500  # bounds how long a caught-up reader does not look at Redis
BATCH_INTERVAL_S = 0.25  # between two batches when caught up: a fan who changes often is written less often
TOPICS_CHECK_S = 30.0  # between two checks that the topics are still the same
EPOCH_CHECK_S = 1.0  # between two checks of Redis while there is nothing to write
MIN_BACK_OFF_S, MAX_BACK_OFF_S = 0.2, 5.0  # first and longest pause after a failure
MAX_PROBLEM_CHARS = 200


class Reader:
    """Keeps the serving store up to date until it is cancelled.

    After any failure it goes back to the applied offsets, which Redis holds together with the data: nothing is missed,
    and no state here has to be right.
    """

    def __init__(self, settings: Settings, store: ServingStore, metrics: ServeMetrics, state: ServeState) -> None:
        self.settings, self.store, self.metrics, self.state = settings, store, metrics, state
        self.topics: PipelineTopics | None = None
        self.applied_offsets: dict[TopicPartition, int] = {}
        self._target: dict[TopicPartition, int] = {}  # end offsets at the time of attaching
        self._topic_names = {settings.names.fan_scores: FAN_SCORES, settings.names.fan_flags: FAN_FLAGS}
        self._epoch_checked = self._topics_checked = 0.0

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            UnavailableError: no broker answers at the start; later the reader waits for it.
            ConfigError: a topic is missing at the start.
        """
        self.topics = await describe_topics(self.settings)
        consumer = AIOKafkaConsumer(
            **aiokafka_options(self.settings),
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            max_poll_records=MAX_BATCH_RECORDS,
            metadata_max_age_ms=30_000,
        )
        try:
            await consumer.start()
        except KafkaError as error:
            await consumer.stop()
            raise UnavailableError(f"no Kafka broker answers at {self.settings.broker}: {error}") from None
        try:
            await self._read_and_retry(consumer)
        finally:
            await consumer.stop()

    def record_lag(self, ends: dict[TopicPartition, int]) -> None:
        """Set the lag of metrics and state from the outputs' end offsets, which the monitor asks for."""
        for name, topic in self._topic_names.items():
            self.metrics.lag.labels(topic).set(
                self._lag({partition: end for partition, end in ends.items() if partition.topic == name})
            )
        self.state.lag = self._lag(ends)

    async def _read_and_retry(self, consumer: AIOKafkaConsumer) -> None:
        pause = MIN_BACK_OFF_S
        while True:
            began = time.monotonic()
            try:
                await self._attach(consumer)
                await self._read(consumer)
            except StaleEpochError as error:
                log.warning("reading again from the store's applied offsets: %s", error)
            except REDIS_ERRORS as error:
                self.metrics.redis_errors.inc()
                if self.state.redis is None:
                    log.warning("Redis failed, waiting for it: %s", error)
                refused = isinstance(error, (ResponseError, *ACCESS_ERRORS))
                self.state.redis = f"Redis refuses: {str(error)[:100]}" if refused else "Redis does not answer"
            except (KafkaError, FanpulseError) as error:
                self.state.reading = str(error)[:MAX_PROBLEM_CHARS] or type(error).__name__
                log.warning("cannot read the output topics, trying again: %s", self.state.reading)
            if time.monotonic() - began > MAX_BACK_OFF_S:
                pause = MIN_BACK_OFF_S
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_BACK_OFF_S)

    async def _attach(self, consumer: AIOKafkaConsumer) -> None:
        """Seek to the store's applied offsets; where it is empty or of other topics, to the beginning."""
        self.topics = topics = await describe_topics(self.settings)
        self._topics_checked = time.monotonic()
        offsets = await self.store.open(topics.id)
        if offsets is None:
            self.metrics.rebuilds.inc()
        stored = {partition: (offsets or {}).get(self._name(partition), 0) for partition in topics.outputs}
        beginnings = await consumer.beginning_offsets(topics.outputs)
        ends = await consumer.end_offsets(topics.outputs)
        if any(stored[partition] > ends[partition] for partition in topics.outputs):
            await self.store.invalidate()
            raise StaleEpochError("a topic ends before the applied offset: it lost records or was created again")
        self.state.caught_up = False
        # Retention may have deleted records that were not read: they are in no list.
        self.applied_offsets = {partition: max(offset, beginnings[partition]) for partition, offset in stored.items()}
        consumer.assign(topics.outputs)
        for partition, offset in self.applied_offsets.items():
            consumer.seek(partition, offset)
        self._target = ends
        self.state.lag = self._lag(ends)
        log.info("reading %d partitions, %d records to catch up", len(stored), self.state.lag)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            began = time.monotonic()
            records = await consumer.getmany(timeout_ms=READ_POLL_MS, max_records=MAX_BATCH_RECORDS)
            if records:
                await self._write(records)
            elif began - self._epoch_checked >= EPOCH_CHECK_S:
                await self.store.check()
                self._epoch_checked = began
            if began - self._topics_checked >= TOPICS_CHECK_S:
                await self._check_topics()
            self.state.redis = self.state.reading = None
            for partition, offset in self.applied_offsets.items():
                # Behind the last record of a transaction is a marker, which no batch contains.
                self.applied_offsets[partition] = max(offset, await consumer.position(partition))
            if not self.state.caught_up and not self._lag(self._target):
                log.info("caught up")
                self.state.caught_up = True
            if sum(map(len, records.values())) < MAX_BATCH_RECORDS:
                await asyncio.sleep(max(0.0, BATCH_INTERVAL_S - (time.monotonic() - began)))

    async def _check_topics(self) -> None:
        """Make sure that no topic was deleted and created again: a fetch at a low offset would not notice."""
        if await describe_topics(self.settings) != self.topics:
            raise StaleEpochError("the topics were created again")
        self._topics_checked = time.monotonic()

    async def _write(self, records: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        batch = OutputBatch()
        for partition, of_partition in records.items():
            topic = self._topic_names[partition.topic]
            add = batch.add_scores if topic == FAN_SCORES else batch.add_flags
            add(of_partition)
            self.metrics.records.labels(topic).inc(len(of_partition))
        offsets = {self._name(partition): of_partition[-1].offset + 1 for partition, of_partition in records.items()}
        with self.metrics.write_duration.time():
            await self.store.write(batch, offsets, int(time.time() * 1000))
        self.metrics.dropped.labels("stale").inc(batch.stale)
        self.metrics.dropped.labels("unreadable").inc(batch.unreadable)
        if batch.unreadable:
            log.warning("%d output records could not be read and were left out", batch.unreadable)

    def _lag(self, ends: dict[TopicPartition, int]) -> int:
        return sum(max(0, end - self.applied_offsets.get(partition, 0)) for partition, end in ends.items())

    def _name(self, partition: TopicPartition) -> str:
        """Return the name of a partition in the store: without the topic's prefix."""
        return f"{self._topic_names[partition.topic]}:{partition.partition}"
