"""The worker process: everything put together, started, watched and stopped."""

import asyncio
import gc
import logging
import os
import signal
import sys
from typing import Any, Never

from agents import brands as parameter_file
from agents.endpoint import Endpoint
from agents.errors import Exit, FanpulseError
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import aiokafka_options
from agents.kafka.topics import ensure
from agents.metrics import Metrics
from agents.sentiment_model import load_model
from agents.settings import Settings
from agents.transport.writer import Writer
from agents.worker import app as faust_app
from agents.worker.applying.batches import Applying
from agents.worker.applying.blackbox import BlackBox
from agents.worker.applying.scoring import Scoring
from agents.worker.instance import Instance
from agents.worker.owning.owner import Owner
from agents.worker.owning.refusals import commit_metadata, examine
from agents.worker.telling.flush import Flush
from agents.worker.watch import Watch
from streams.warm import warm

log = logging.getLogger(__name__)

STOP_S = 3.0  # that a clean end may take once all is committed


def run(settings: Settings) -> None:
    """Score until told to stop; the process ends here.

    Raises:
        FanpulseError: the settings, the broker or the topics do not let us start.
    """
    file = parameter_file.load(settings)
    instance = Instance.lock(settings)
    partitions = ensure(settings)
    metadata = commit_metadata(settings, partitions)
    examine(settings, partitions, metadata)
    metrics = Metrics(file.platforms)
    worker = Worker(settings, file, instance.name, partitions, metadata, metrics)
    endpoint = Endpoint(
        metrics.registry, settings.web_host, settings.metrics_port, live=worker.not_alive, ready=worker.not_ready
    )
    warm()
    gc.collect()
    gc.freeze()  # what is loaded by now lives for ever: the collector need not look at it
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
        partitions: int,
        metadata: dict[str, CommitMetadata],
        metrics: Metrics,
    ) -> None:
        self.settings, self.instance, self.partitions, self.metrics = settings, instance, partitions, metrics
        self.metadata = metadata
        self.brands, self.options = parameter_file.brands(file), aiokafka_options(settings)
        self.watch: Watch | None = None
        self.owner: Owner | None = None

    async def run(self) -> Never:
        """Start, score, stop, and end the process."""
        names, loop = self.settings.names, asyncio.get_running_loop()
        writer = Writer(self.options, f"{self.settings.group}-{self.instance}", self.metadata)
        await writer.start()
        flush = Flush(writer, names, self.metrics, self.settings.settle_s, self.settings.tick_s)
        owner = self.owner = Owner(
            self.settings, self.brands, self.partitions, self.metadata, flush, self.metrics, self.options
        )
        owner.end = fail_stop
        app = faust_app.build(self.settings, self.instance, self.options, owner)
        faust_app.attach(app, self.settings, owner, Applying(self._scoring(), self._black_box()))
        self.watch = Watch(self.settings, owner, app, self.metrics)
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        app.finalize()
        # Faust's start ends with the first takeover: it is watched, and a signal need not wait for it.
        work = (self.watch.run(), app.start(), flush.run(owner.held, owner.member, app.consumer.has_backlog))
        tasks = [asyncio.create_task(_or_fail(one)) for one in work]
        await stop.wait()
        log.info("stopping: committing what is in hand")
        await asyncio.wait([asyncio.ensure_future(owner.give_up())], timeout=self.settings.session_timeout_s)
        for task in tasks:
            task.cancel()
        # All is committed: what Faust and aiokafka still want to do may not hold up a restart.
        await asyncio.wait([asyncio.ensure_future(app.stop()), asyncio.ensure_future(writer.stop())], timeout=STOP_S)
        leave(Exit.OK)

    def _scoring(self) -> Scoring:
        model = load_model(self.settings.sentiment_model)
        return Scoring(self.settings.names, self.partitions, self.metrics, self.brands, model.score)

    def _black_box(self) -> BlackBox:
        names, folder = self.settings.names, self.settings.data / "workers" / self.settings.group
        return BlackBox(folder / f"{self.instance}.blackbox", (*names.inputs, names.credits))

    def not_alive(self) -> str | None:
        """Return why an orchestrator should end us, None while all is well; called from the endpoint's threads."""
        return self.watch.late() if self.watch else None

    def not_ready(self) -> str | None:
        """Return what we wait for, None when partitions are assigned and restored."""
        if self.owner is None or self.owner.last is None:
            return "joining the group"
        return None if self.owner.is_ready else "taking over partitions"


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
