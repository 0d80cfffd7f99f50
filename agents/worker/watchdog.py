"""Watchdogs: every hang becomes an exit."""

import asyncio
import logging
import sys
import threading
import time
import traceback

import faust
from faust.types import TP

from agents.errors import FailStopError
from agents.metrics import Metrics
from agents.settings import Settings
from agents.worker.assignment import AssignmentHandler
from agents.worker.gauges import Gauges
from agents.worker.memory import Buffers

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
GAUGES_S = 5.0


class Watchdog:
    """Looks at the worker from its own event loop, and at that loop from a thread."""

    def __init__(
        self, settings: Settings, assignment: AssignmentHandler, app: faust.App, gauges: Gauges, metrics: Metrics
    ) -> None:
        self.settings, self.assignment, self.app = settings, assignment, app
        self.gauges, self.metrics = gauges, metrics
        self.heartbeat_at = time.monotonic()
        self.heartbeat_late = 0.0
        metrics.loop_lag.set_function(
            lambda: max(time.monotonic() - self.heartbeat_at - HEARTBEAT_S, self.heartbeat_late)
        )

    async def run(self) -> None:
        """Watch forever.

        Raises:
            FailStopError: a restore or a commit takes too long, or Faust gave up.
        """
        threading.Thread(target=self._guard, args=(threading.get_ident(),), daemon=True).start()
        updated, updating, buffers = 0.0, None, Buffers()
        while True:
            began = time.monotonic()
            await asyncio.sleep(HEARTBEAT_S)
            self.heartbeat_at = time.monotonic()
            late = self.heartbeat_late = max(self.heartbeat_at - began - HEARTBEAT_S, 0.0)
            self.metrics.ready.set(self.assignment.is_ready)
            self.assignment.flush.committed_at += late  # nobody could commit meanwhile; liveness is judged by a thread
            self._check(self.heartbeat_at)
            buffers.keep(in_heap=not self.assignment.is_ready or self.app.consumer.has_backlog())
            if updating is not None and updating.done():
                updating = updating.result()  # None, or what went wrong
            if updating is None and self.assignment.is_ready and self.heartbeat_at - updated >= GAUGES_S:
                updated = self.heartbeat_at
                self.metrics.tasks.set(len(asyncio.all_tasks()))
                updating = asyncio.create_task(self.gauges.update())  # it asks the broker, which may not answer

    def blocked(self) -> str | None:
        """Return how long the event loop has been blocked, in words; None while it is well."""
        late = time.monotonic() - self.heartbeat_at
        return f"event loop blocked for {late:.0f} s" if late > self.settings.loop_timeout_s else None

    def _guard(self, watched: int) -> None:
        """End the process when its event loop is blocked; two looks: a process that slept wakes up first."""
        seen = -1.0
        while True:
            time.sleep(HEARTBEAT_S * 2)
            if (reason := self.blocked()) and seen == self.heartbeat_at:
                stack = traceback.format_stack(sys._current_frames()[watched])
                log.critical("%s (FANPULSE_LOOP_TIMEOUT_S), at:\n%s", reason, "".join(stack))
                self.assignment.on_error(FailStopError(reason))
            seen = self.heartbeat_at

    def _check(self, now: float) -> None:
        assignment, settings = self.assignment, self.settings
        if self.app.crashed:
            raise FailStopError(f"Faust crashed: {self.app.crash_reason!r}")
        if not assignment.is_ready:
            if now - assignment.since > settings.recovery_timeout_s:
                raise FailStopError(f"not ready for {settings.recovery_timeout_s:.0f} s (FANPULSE_RECOVERY_TIMEOUT_S)")
            assignment.flush.committed_at = now
        elif not self._has_lag():
            assignment.flush.committed_at = now
        elif now - assignment.flush.committed_at > settings.stall_timeout_s:
            raise FailStopError(f"lag without a commit for {settings.stall_timeout_s:.0f} s (FANPULSE_STALL_TIMEOUT_S)")

    def _has_lag(self) -> bool:
        tasks = self.assignment.tasks.values()
        return any(self._lag(tp) for tp in self.gauges.inputs()) or any(active.has_output() for active in tasks)

    def _lag(self, tp: TP) -> int:
        return int(self.app.consumer.lag(tp) or 0)
