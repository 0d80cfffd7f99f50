"""The worker process: everything put together, started, watched and stopped."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Never

import msgspec

from agents import brands as parameter_file
from agents.clock import Clock, SystemClock
from agents.endpoint import Endpoint
from agents.errors import Exit, FanpulseError
from agents.kafka.connection import aiokafka_options
from agents.metrics import Metrics
from agents.sentiment_model import load_model
from agents.settings import Settings
from agents.transport.writer import Writer
from agents.worker import app as faust_app
from agents.worker.accumulator import Accumulator
from agents.worker.assignment import AssignmentHandler
from agents.worker.crash_marker import CrashMarker
from agents.worker.flush import Flush
from agents.worker.gauges import Gauges
from agents.worker.instance import Instance
from agents.worker.preflight import Preflight
from agents.worker.processor import Processor
from agents.worker.restore import Restored, restore
from agents.worker.subscription import subscribe
from agents.worker.watchdog import Watchdog
from streams.fans.model import MODEL, Model
from streams.task import Task
from streams.warm import warm

log = logging.getLogger(__name__)

WORKER_STOP_S = 3.0  # that a clean end may take once all is committed


def run(settings: Settings, model: Model = MODEL, clock: Clock | None = None) -> None:
    """Score until the process is stopped; it ends here.

    Raises:
        FanpulseError: the settings, the broker or the topics do not let us start.
    """
    file = parameter_file.load(settings, model)
    instance = Instance.lock(settings)
    stores = ("fans", *(store.name for store in model.stores))
    names, partitions = subscribe(
        settings, msgspec.structs.replace(settings.names, declared=model.inputs, stores=stores)
    )
    preflight = Preflight(settings, names, partitions)
    preflight.check({})
    metrics = Metrics(model, file.platforms)
    metrics.set_absent(source.name for source in model.inputs if source not in names.declared)
    worker = Worker(settings, file, instance.name, model, preflight, metrics, clock or SystemClock())
    endpoint = Endpoint(
        metrics.registry, settings.web_host, settings.metrics_port, live=worker.not_alive, ready=worker.not_ready
    )
    warm(model)
    gc.collect()
    gc.freeze()  # what is loaded by now lives forever: the collector need not look at it
    endpoint.start()
    log.info("worker %s of group %s; metrics on %s", instance.name, settings.group, endpoint.url)
    asyncio.run(worker.run())


class Worker:
    """The parts of a worker and their one life."""

    def __init__(
        self,
        settings: Settings,
        file: parameter_file.ParamsFile,
        instance: str,
        model: Model,
        preflight: Preflight,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self.settings, self.instance, self.model, self.preflight = settings, instance, model, preflight
        self.names, self.metrics, self.clock = preflight.names, metrics, clock
        self.brands, self.options = parameter_file.brands(file, model), aiokafka_options(settings)
        self.watchdog: Watchdog | None = None
        self.assignment: AssignmentHandler | None = None

    async def run(self) -> Never:
        """Start, score, stop, and end the process."""
        loop = asyncio.get_running_loop()
        writer = Writer(self.options, f"{self.settings.group}-{self.instance}", self.preflight.metadata)
        await writer.start()
        flush = Flush(writer, self.names, self.metrics, self.clock, self.settings.publish_delay_s)
        assignment = self.assignment = AssignmentHandler(
            self.names, self._create, self._restore, self._check, flush, self.metrics, self.clock
        )
        assignment.on_error = fail_stop
        app = faust_app.build(self.settings, self.instance, self.options, assignment, self.clock)
        faust_app.attach(app, self.names, assignment, self._processor())
        gauges = Gauges(assignment, self.brands, app, self.metrics, self.clock)
        self.watchdog = Watchdog(self.settings, assignment, app, gauges, self.metrics)
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        app.finalize()
        # Faust's start ends with the first restore: it is watched, and a signal need not wait for it.
        work = (
            self.watchdog.run(),
            app.start(),
            flush.run(assignment.tasks, assignment.current_member, app.consumer.has_backlog),
        )
        tasks = [asyncio.create_task(_or_fail(one)) for one in work]
        await stop.wait()
        log.info("stopping: committing what is applied")
        revoked = asyncio.ensure_future(assignment.on_partitions_revoked())
        await asyncio.wait([revoked], timeout=self.settings.session_timeout_s)
        for task in tasks:
            task.cancel()
        # All is committed: what Faust and aiokafka still want to do may not hold up a restart.
        await asyncio.wait(
            [asyncio.ensure_future(app.stop()), asyncio.ensure_future(writer.stop())], timeout=WORKER_STOP_S
        )
        leave(Exit.OK)

    def _create(self, number: int) -> Task:
        return Task(self.model, self.brands, (number, self.preflight.partitions), self.settings.dedup_ids)

    async def _restore(self, tasks: Mapping[int, Task]) -> Restored:
        return await restore(self.options, self.names, tasks, self.clock)

    async def _check(self, tasks: Mapping[int, Task]) -> None:
        await asyncio.to_thread(self.preflight.check, tasks)

    def _processor(self) -> Processor:
        model = load_model(self.settings.sentiment_model)
        accumulator = Accumulator(self.metrics, self.brands.names)
        self.metrics.begin_at_zero(self.brands.codes)
        folder = self.settings.data / "workers" / self.settings.group
        marker = CrashMarker(folder / f"{self.instance}.marker", list(self.names.inputs))
        return Processor(self.names, accumulator, marker, model.score, self.clock, self.settings.tick_s)

    def not_alive(self) -> str | None:
        """Return why an orchestrator should end us, None while all is well; called from the endpoint's threads."""
        return self.watchdog.blocked() if self.watchdog else None

    def not_ready(self) -> str | None:
        """Return what we wait for, None when partitions are assigned and restored."""
        if self.assignment is None or self.assignment.last_member is None:
            return "joining the group"
        return None if self.assignment.is_ready else "restoring partitions"


async def _or_fail(work: Any) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, going on would hide it
        fail_stop(error)


def fail_stop(error: Exception) -> None:
    """End the process at once: nothing is left to save, the restart reads again from what is committed."""
    if isinstance(error, FanpulseError):
        log.critical("worker ends: %s", error)
        leave(error.code)
    log.critical("worker ends: %r", error, exc_info=error)
    leave(Exit.FAIL_STOP)


def leave(code: Exit) -> Never:
    """End the process without waiting for threads."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
