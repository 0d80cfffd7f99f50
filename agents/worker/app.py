"""The Faust app: one agent over all input topics, on the transport of record batches."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import faust
from faust.events import Event
from faust.types import StreamT

from agents.clock import Clock
from agents.errors import FailStopError, FanpulseError
from agents.logs import frames
from agents.settings import Settings
from agents.transport.consumer import Transport
from agents.worker.assignment import AssignmentHandler
from agents.worker.monitor import Monitor
from agents.worker.processor import Processor, in_portions
from schemas.topics import Names

log = logging.getLogger(__name__)

FETCH_BYTES = 1 << 20  # of one partition in one fetch; 256 KB to 4 MB made no difference
NEVER_S = 10**9


class BatchSchema(faust.Schema):
    """Lets a record batch through as it is."""

    def compile(self, app: Any, **kwargs: Any) -> Callable[..., Any]:
        """Return the decoder of messages into events."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return Event(app, None, message.value, {}, message)

        return decode


def build(
    settings: Settings, instance_id: str, options: dict[str, Any], assignment: AssignmentHandler, clock: Clock
) -> faust.App:
    """Return the app, not started; nothing of Faust's own commit, tables or web is in use."""
    app = faust.App(
        settings.group,
        broker="kafka://",
        store="memory://",
        web_enabled=False,
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_group_instance_id=instance_id,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=min(1.0, settings.session_timeout_s / 6),
        broker_request_timeout=max(40.0, settings.session_timeout_s + 5),
        broker_rebalance_timeout=60.0,
        broker_commit_interval=NEVER_S,
        broker_commit_livelock_soft_timeout=NEVER_S,
        stream_buffer_maxsize=16,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        producer_request_timeout=30.0,
        datadir=str(settings.data / "faust"),
        monitor=Monitor(assignment.metrics),
    )
    app.transport = app.producer_transport = Transport(app, options, assignment, clock)
    return app


def attach(app: faust.App, names: Names, assignment: AssignmentHandler, processor: Processor) -> None:
    """Give the app its agent, and the assignment handler its part in rebalances."""
    source = app.topic(*names.inputs, names.clock, schema=BatchSchema())

    async def score(stream: StreamT[Any]) -> None:
        await consume(app, stream, assignment, processor)

    app.agent(source, name="score")(score)

    async def restore(*_: Any, **__: Any) -> None:
        try:
            await assignment.restore()
        except FanpulseError as error:
            assignment.on_error(error)

    app.on_rebalance_complete.connect(restore, weak=False)


async def consume(app: faust.App, stream: Any, assignment: AssignmentHandler, processor: Processor) -> None:
    """Process message after message; what goes wrong here is a bug, and a bug ends the process."""
    messages: AsyncIterator[Any] = stream.noack().events()
    tasks = assignment.tasks
    async for event in messages:
        for portion in in_portions(event.value):
            await assignment.flush.wait_for_capacity(tasks)
            member = assignment.current_member()
            if member is None or event.message.generation_id != member.generation:
                break
            ours = [(tp, batch) for tp, batch in portion if assignment.owns(tp)]
            try:
                processor.process(ours, tasks, lambda number: assignment.lag(number, app.consumer.with_lag))
            except FanpulseError as error:
                assignment.on_error(error)
            except Exception as error:  # noqa: BLE001  the process ends by it
                places = ", ".join(f"{tp.topic}-{tp.partition} before {batch.next_offset}" for tp, batch in ours[:8])
                log.error("one of %s batches (%s):\n%s", len(ours), places, frames(error))  # noqa: TRY400
                assignment.on_error(FailStopError(f"cannot apply a batch: {type(error).__name__}"))
            if any(tasks[tp.partition].has_output() for tp, _ in ours):
                assignment.flush.has_pending.set()
            await asyncio.sleep(0)  # a commit may wait
        event.ack()
