"""The serve process: binds its ports first, then connects to Kafka; runs until it is stopped or cannot go on."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable

from agents.endpoint import Endpoint
from agents.http.server import start_server
from agents.serve.app import application
from agents.serve.broker import Broker, describe_topics
from agents.serve.keys import StoreKeys
from agents.serve.metrics import Heartbeat, ServeMetrics, ServeState
from agents.serve.monitor import PipelineMonitor
from agents.serve.page_model import PageModel
from agents.serve.queries import Queries
from agents.serve.reader import Reader
from agents.serve.redis_client import connect, ping
from agents.serve.store import ServingStore
from agents.serve.traffic import RateSampler
from agents.settings import Settings
from schemas.serving import category_names, flag_categories
from streams.fans.model import MODEL

log = logging.getLogger(__name__)

LOOP_TIMEOUT_S = 30.0  # an event loop blocked for longer is not alive
CANCEL_S = 1.0  # between two cancellations: consumers leave their group in less


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set.

    Raises:
        PortTakenError, ConfigError, UnavailableError: it cannot start.
    """
    metrics, state, heartbeat = ServeMetrics(), ServeState(), Heartbeat(LOOP_TIMEOUT_S)
    metrics_port = settings.metrics_port + 1 if settings.metrics_port else 0
    redis, keys, categories = connect(settings), StoreKeys(settings.names), flag_categories(MODEL.flag_specs)
    endpoint = Endpoint(
        metrics.registry, settings.web_host, metrics_port, live=heartbeat.not_alive, ready=state.not_ready
    )
    try:
        rates = RateSampler({name: source.name for name, source in settings.names.public_inputs.items()})
        page_model = PageModel(Queries(redis, keys), rates, category_names(categories), metrics, state)
        reader = Reader(settings, ServingStore(redis, keys, categories), metrics, state)
        app = application(page_model, settings.web_token)
        runner = await start_server(app, settings.web_host, settings.web_port, "FANPULSE_WEB_PORT")
        try:
            endpoint.start()
            host, port = runner.addresses[0][:2]
            log.info("page and queries on http://%s:%d/, metrics on %s", host, port, endpoint.url)
            await ping(redis)
            await describe_topics(settings)  # its error says why; the consumer's own only says that it cannot connect
            async with Broker(settings) as broker:
                monitor = PipelineMonitor(broker, reader, rates, state)
                tasks = reader.run(), monitor.sample_rates(), monitor.sample_latency(), page_model.run(heartbeat)
                await run_until(stop, *tasks)
        finally:
            await page_model.close()
            await runner.cleanup()
    finally:
        endpoint.stop()
        await redis.aclose()
    log.info("stopped")


class _StopRequested(Exception):
    """Ends the task group without a failure."""


async def run_until(stop: asyncio.Event, *coroutines: Coroutine[object, object, None]) -> None:
    """Run until ``stop`` is set or a coroutine fails, and return when all have ended.

    Raises what the first one raised; what others raise while they are cancelled is dropped.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in (*coroutines, _raise_when_set(stop))]
            try:
                await asyncio.wait(tasks)  # the group cancels this as soon as one has failed
            finally:
                await _cancel_until_done(tasks)
    except BaseExceptionGroup as errors:
        first = errors.exceptions[0]
        if not isinstance(first, _StopRequested):
            raise first from None


async def _raise_when_set(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _StopRequested


async def _cancel_until_done(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel again and again: Python 3.11's ``wait_for``, which redis-py calls, can swallow a cancellation.

    A task group cancels once, and would wait for such a task forever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_S)
