"""The thread that talks to Kafka: aiokafka's consumer with our options, and batches out of its fetcher."""

import time
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents.transport.fetching import FetchedBatch, drain, next_batches
from agents.transport.group_metadata import GroupMetadata, group_metadata_of, heartbeat_as_static_member

FETCH_WAIT_MS = 20  # a fetch that holds only idle partitions delays the others by this much at most
FETCH_LEAST = 1 << 16  # bytes that end the wait: at 5,000 events/s fewer and larger batches save a quarter of the CPU
IDLE_AFTER_S, IDLE_WAIT_MS = 0.2, 1000  # no traffic: fewer fetches, which the first event ends
PREFETCH_BACKOFF_S = 0.005


class Thread(driver.AIOKafkaConsumerThread):
    """Runs aiokafka's consumer; what it is asked for comes from the main thread."""

    group_metadata: GroupMetadata  # of the newest generation
    active_at = 0.0  # when records came last, monotonic seconds
    generation = -1  # that records are fetched for
    is_assignment_checked = False  # the first one

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = self.app.assignor
        return AIOKafkaConsumer(
            **transport.options,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_interval_ms=2**31 - 1,  # the watchdogs end a worker that hangs
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_min_bytes=FETCH_LEAST,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
        )

    async def on_start(self) -> None:
        """Start, and from then on beat as a static member."""
        await super().on_start()
        heartbeat_as_static_member(self._consumer._coordinator, self._on_fenced)
        self._consumer._fetcher._prefetch_backoff = PREFETCH_BACKOFF_S

    def _on_fenced(self, reason: str) -> None:
        self.consumer.listener.on_fenced(reason)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Keep the group metadata while the coordinator cannot change, then continue in the main thread."""
        self.group_metadata = group_metadata_of(self._consumer._coordinator)
        self.rejoin_if_incomplete(assigned)
        await super().on_partitions_assigned(assigned, generation_id)

    def rejoin_if_incomplete(self, assigned: set[TP]) -> None:
        """Join the group again, once in the life of the process, where its first assignment is of another subscription.

        A static member that comes back within its session gets the assignment of its generation again, whatever it
        subscribes now: one from before an upgrade, or from when a topic was missing. Faust's metadata then names that
        assignment, so that the next join differs from the first, and the group rebalances.
        """
        if self.is_assignment_checked or not assigned:
            return
        self.is_assignment_checked = True
        if self.consumer.listener.is_incomplete(assigned):
            self._consumer._coordinator.request_rejoin()

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> dict[TP, FetchedBatch]:
        if not self._may_take():
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        if fetcher._subscriptions.reassignment_in_progress:
            return {}
        batches = drain(fetcher, active_partitions)
        if not batches and timeout:
            batches = await next_batches(fetcher, active_partitions, timeout, self._may_take)
        if not all(self.consumer.listener.is_clock(tp) for tp in batches):
            self.active_at = time.monotonic()
        is_idle = time.monotonic() > self.active_at + IDLE_AFTER_S
        fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes = (
            (IDLE_WAIT_MS, 1) if is_idle else (FETCH_WAIT_MS, FETCH_LEAST)
        )
        return batches

    async def positions(self, tps: set[TP]) -> dict[TP, int]:
        """Return where reading begins; wait for the broker's answer where nothing is committed.

        Raises:
            IllegalStateError: a rebalance took one of the partitions.
        """
        found: dict[TP, int] = await self.call_thread(self._positions, tps)
        return found

    async def _positions(self, tps: set[TP]) -> dict[TP, int]:
        consumer = self._ensure_consumer()
        return {tp: await consumer.position(tp) for tp in tps}

    def lag(self, tp: TP) -> int | None:
        """Return how many records of a partition are yet to be fetched; None: not known yet."""
        state = self._state(tp)
        # up to the last stable offset: beyond it is the open transaction of another worker
        if state is None or state.lso is None or not state.has_valid_position:
            return None
        return max(int(state.lso - state.position), 0)

    def fetched_at(self, tp: TP) -> int:
        """Return when the broker last answered for a partition, ms; 0: never."""
        state = self._state(tp)
        return 0 if state is None else state.timestamp or 0

    def _state(self, tp: TP) -> Any:
        """Return what aiokafka knows of a partition that is assigned, else None."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        return None if assignment is None or tp not in assignment.tps else assignment.state_value(tp)

    def _may_take(self) -> bool:
        # A rebalance may come and go while we wait: its batches, taken for the generation before, would be dropped, and
        # where nothing is committed yet no seek leads back to them.
        return bool(self.consumer.flow_active and self.app.consumer_generation_id == self.generation)
