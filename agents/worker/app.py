"""The Faust app: one agent over all input topics, on the block transport."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import faust
from faust.events import Event
from faust.types import StreamT

from agents.errors import FailStopError, FanpulseError
from agents.logs import frames
from agents.settings import Settings
from agents.transport.consumer import Transport
from agents.worker.applying.batches import Applying, batches
from agents.worker.monitor import Monitor
from agents.worker.owning.owner import Owner

log = logging.getLogger(__name__)

FETCH_BYTES = 1 << 20  # of one partition in one fetch; 256 KB to 4 MB made no difference
FOREVER_S = 10**9


class BlockSchema(faust.Schema):
    """Lets a block through as it is."""

    def compile(self, app: Any, **kwargs: Any) -> Callable[..., Any]:
        """Return the decoder of messages into events."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return Event(app, None, message.value, {}, message)

        return decode


def build(settings: Settings, instance_id: str, options: dict[str, Any], owner: Owner) -> faust.App:
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
        broker_commit_interval=FOREVER_S,
        broker_commit_livelock_soft_timeout=FOREVER_S,
        stream_buffer_maxsize=16,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        producer_request_timeout=30.0,
        datadir=str(settings.data / "faust"),
        monitor=Monitor(owner.metrics),
    )
    app.transport = app.producer_transport = Transport(app, options, owner)
    return app


def attach(app: faust.App, settings: Settings, owner: Owner, applying: Applying) -> None:
    """Give the app its agent, and the owner its part in rebalances."""
    names = settings.names
    source = app.topic(*names.inputs, names.credits, names.ticks, schema=BlockSchema())

    async def score(stream: StreamT[Any]) -> None:
        await consume(app, stream, owner, applying)

    app.agent(source, name="score")(score)

    async def take_over(*_: Any, **__: Any) -> None:
        try:
            await owner.take_over()
        except FanpulseError as error:
            owner.end(error)

    app.on_rebalance_complete.connect(take_over, weak=False)


async def consume(app: faust.App, stream: Any, owner: Owner, applying: Applying) -> None:
    """Apply message after message; what goes wrong here is a bug, and a bug ends the process."""
    messages: AsyncIterator[Any] = stream.noack().events()
    async for event in messages:
        for batch in batches(event.value):
            await owner.flush.room(owner.held)
            who = owner.member()
            if who is None or event.message.generation_id != who.generation:
                break
            ours = [(tp, block) for tp, block in batch if tp.partition in owner.held]
            try:
                applying.apply(ours, owner.held, lambda number: owner.lagging(number, app.consumer.with_lag))
            except FanpulseError as error:
                owner.end(error)
            except Exception as error:  # noqa: BLE001  the process ends by it
                said = ", ".join(f"{tp.topic}-{tp.partition} before {block.next_offset}" for tp, block in ours[:8])
                log.error("one of %s blocks (%s):\n%s", len(ours), said, frames(error))  # noqa: TRY400
                owner.end(FailStopError(f"cannot apply a block: {type(error).__name__}"))
            if any(owner.held[tp.partition].outbox for tp, _ in ours):
                owner.flush.changed.set()
            await asyncio.sleep(0)  # a commit may wait for its turn
        event.ack()
