"""Monitors the pipeline from outside: samples rates and lag each second, latency five times a second."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from aiokafka.errors import KafkaError

from agents.serve.broker import Broker
from agents.serve.metrics import ServeState
from agents.serve.reader import Reader
from agents.serve.traffic import LatencySampler, RateSampler, choose_partitions

log = logging.getLogger(__name__)

SAMPLE_S = 1.0  # rates and lag
LATENCY_SAMPLE_S = 0.2
SAMPLES_PER_WORKER_COUNT = 5
BROKER_ERRORS = (KafkaError, OSError, TimeoutError)


class PipelineMonitor:
    """Collects the charts, the reader's lag and the number of workers; with a slow broker there are fewer points."""

    def __init__(self, broker: Broker, reader: Reader, rates: RateSampler, state: ServeState) -> None:
        self.broker, self.reader, self.rates, self.state = broker, reader, rates, state
        self._latency = LatencySampler()

    async def sample_rates(self) -> None:
        """Sample until cancelled; says in the state whether Kafka answers."""
        async for tick in every(SAMPLE_S):
            await self._sample_rates(count_workers=tick % SAMPLES_PER_WORKER_COUNT == 0)

    async def sample_latency(self) -> None:
        """Sample until cancelled; failures are left to ``sample_rates`` to report."""
        async for _ in every(LATENCY_SAMPLE_S):
            topics = self.reader.topics
            if topics is None or self.state.kafka is not None:
                continue
            partitions, at = choose_partitions(topics.inputs), time.monotonic()
            with suppress(*BROKER_ERRORS):
                ends = await self.broker.end_offsets(partitions)
                self._latency.observe(at, ends, await self.broker.committed_offsets(partitions))

    async def _sample_rates(self, *, count_workers: bool) -> None:
        topics = self.reader.topics
        if topics is None:
            return
        try:
            committed = await self.broker.committed_offsets(topics.inputs)  # before the ends, or it could be beyond
            ends = await self.broker.end_offsets([*topics.inputs, *topics.outputs])
            beginnings = await self.broker.beginning_offsets(topics.inputs)
            if count_workers or self.state.workers is None:
                self.state.workers = await self.broker.count_workers()
        except BROKER_ERRORS as error:
            if self.state.kafka is None:
                log.warning("Kafka does not answer: %s", error or type(error).__name__)
            self.state.kafka, self.state.workers = "Kafka does not answer", None
            return
        self.state.kafka = None
        latency = self._latency.percentiles(time.monotonic())
        inputs = {partition: ends[partition] for partition in topics.inputs}
        self.rates.add(int(time.time() * 1000), beginnings, inputs, committed, latency)
        self.reader.record_lag({partition: ends[partition] for partition in topics.outputs})


async def every(seconds: float) -> AsyncIterator[int]:
    """Yield 0, 1, 2, ... at this interval; rounds that were missed are skipped, not made up for in a burst."""
    tick, due = 0, time.monotonic()
    while True:
        yield tick
        tick, due = tick + 1, max(due + seconds, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
