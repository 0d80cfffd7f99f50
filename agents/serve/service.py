"""The serve process: ports first, then Kafka; runs until it is told to stop or cannot go on."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Any

from agents.endpoint import Endpoint
from agents.serve.copy.connection import connect, knock
from agents.serve.copy.keys import Keys
from agents.serve.copy.lookups import Lookups
from agents.serve.copy.store import Store
from agents.serve.flow.broker import Broker
from agents.serve.flow.traffic import Meter
from agents.serve.live import Live
from agents.serve.metrics import Heartbeat, Metrics
from agents.serve.reader import Reader
from agents.serve.source import describe
from agents.serve.state import State
from agents.serve.web.app import listen
from agents.settings import Settings

log = logging.getLogger(__name__)

BLOCKED_S = 30.0  # an event loop silent for longer is not alive
CANCEL_S = 1.0  # between two cancellations: consumers say good-bye in less


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set.

    Raises:
        PortTakenError, ConfigError, UnavailableError: it cannot start.
    """
    metrics, state, heartbeat = Metrics(), State(), Heartbeat(BLOCKED_S)
    port = settings.metrics_port + 1 if settings.metrics_port else 0
    redis, keys = connect(settings), Keys(settings.names)
    endpoint = Endpoint(metrics.registry, settings.web_host, port, live=heartbeat.stopped, ready=state.not_ready)
    try:
        meter = Meter({name: place for place, name in enumerate(settings.names.inputs)})
        live = Live(Lookups(redis, keys), meter, metrics, state)
        reader = Reader(settings, Store(redis, keys), metrics, state)
        runner = await listen(settings, live)
        try:
            endpoint.start()
            host, bound = runner.addresses[0][:2]
            log.info("page and lookups on http://%s:%d/, metrics on %s", host, bound, endpoint.url)
            await knock(redis)
            await describe(settings)  # says why, where the broker's own client only says that it cannot
            async with Broker(settings) as broker:
                works = live.ask(broker, reader), live.watch(broker, reader), live.tell(heartbeat)
                await _until(stop, reader.run(), *works)
        finally:
            await live.close()
            await runner.cleanup()
    finally:
        endpoint.stop()
        await redis.aclose()
    log.info("stopped")


async def _until(stop: asyncio.Event, *works: Awaitable[None]) -> None:
    """Run until ``stop`` is set or one of the works fails, and leave none behind."""
    tasks = [asyncio.ensure_future(work) for work in (*works, stop.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _end(tasks)


async def _end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel until all have ended: Python 3.11's ``wait_for``, of which redis-py makes use, can swallow the first."""
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=CANCEL_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they raised on the way is no news
