"""Watchdogs: every hang becomes an exit, and the gauges that operations watch are brought up to date."""

import asyncio
import logging
import math
import sys
import threading
import time
import traceback

import faust
from aiokafka.errors import KafkaError
from faust.types import TP

from agents.errors import FailStopError
from agents.metrics import TOPICS, Metrics
from agents.settings import Settings
from agents.worker.census import count
from agents.worker.memory import Buffers
from agents.worker.owning.owner import Owner

log = logging.getLogger(__name__)

BEAT_S = 0.5
CENSUS_S = 5.0


def lag_age(now: float, fetched: int | None, applied: int | None, caught_up: int | None) -> float:
    """Return the age in seconds of the oldest record that is not yet applied, NaN where nothing is known of it.

    The broker does not tell the age of what was not fetched yet: it came after the newest record applied, and after the
    last moment at which nothing waited. So this is the most that it can be.

    Args:
        now: ms, as all of them; None: not known.
        fetched: timestamp of the oldest record that is fetched and not applied.
        applied: timestamp of the newest record applied.
        caught_up: when nothing waited last.

    >>> lag_age(9_000, None, 1_000, 8_500), lag_age(9_000, 8_900, 1_000, 8_500)
    (0.5, 0.1)
    """
    if fetched is None:
        bounds = [moment for moment in (applied, caught_up) if moment is not None]
        if not bounds:
            return math.nan
        fetched = max(bounds)
    return max(now - fetched, 0.0) / 1000


class Watch:
    """Looks at the worker from its own event loop, and at that loop from a thread; ``late`` is asked from others."""

    def __init__(self, settings: Settings, owner: Owner, app: faust.App, metrics: Metrics) -> None:
        self.settings, self.owner, self.app, self.metrics = settings, owner, app, metrics
        self.beat_at = time.monotonic()
        names = settings.names  # metrics name topics without their prefix
        self.labels = dict(zip((*names.inputs, names.credits), TOPICS, strict=True))
        self.beat_late = 0.0
        metrics.loop_lag.set_function(lambda: max(time.monotonic() - self.beat_at - BEAT_S, self.beat_late))

    async def run(self) -> None:
        """Watch for ever.

        Raises:
            FailStopError: a takeover or a commit takes too long, or Faust gave up.
        """
        threading.Thread(target=self._guard, args=(threading.get_ident(),), daemon=True).start()
        counted, measuring, buffers = 0.0, None, Buffers()
        while True:
            began = time.monotonic()
            await asyncio.sleep(BEAT_S)
            self.beat_at = time.monotonic()
            late = self.beat_late = max(self.beat_at - began - BEAT_S, 0.0)
            self.metrics.ready.set(self.owner.is_ready)
            self.owner.flush.committed_at += late  # nobody could commit meanwhile; liveness is who judges that
            self._check(self.beat_at)
            buffers.keep(in_heap=not self.owner.is_ready or self.app.consumer.has_backlog())
            if measuring is not None and measuring.done():
                measuring = measuring.result()  # None, or what went wrong
            if measuring is None and self.owner.is_ready and self.beat_at - counted >= CENSUS_S:
                counted = self.beat_at
                self.metrics.tasks.set(len(asyncio.all_tasks()))
                measuring = asyncio.create_task(self._measure())  # it asks the broker, which may not answer

    def late(self) -> str | None:
        """Return how long the event loop has been blocked, in words; None while it is well."""
        late = time.monotonic() - self.beat_at
        return f"event loop blocked for {late:.0f} s" if late > self.settings.loop_timeout_s else None

    def _guard(self, watched: int) -> None:
        """End the process when its event loop is blocked; two looks, for a process that slept beats once it wakes."""
        seen = -1.0
        while True:
            time.sleep(BEAT_S * 2)
            if (said := self.late()) and seen == self.beat_at:
                stack = traceback.format_stack(sys._current_frames()[watched])
                log.critical("%s (FANPULSE_LOOP_TIMEOUT_S), at:\n%s", said, "".join(stack))
                self.owner.end(FailStopError(said))
            seen = self.beat_at

    def _check(self, now: float) -> None:
        owner, settings = self.owner, self.settings
        if self.app.crashed:
            raise FailStopError(f"Faust crashed: {self.app.crash_reason!r}")
        if not owner.is_ready:
            if now - owner.since > settings.recovery_timeout_s:
                raise FailStopError(f"not ready for {settings.recovery_timeout_s:.0f} s (FANPULSE_RECOVERY_TIMEOUT_S)")
            owner.flush.committed_at = now
        elif not self._lags():
            owner.flush.committed_at = now
        elif now - owner.flush.committed_at > settings.stall_timeout_s:
            raise FailStopError(f"lag without a commit for {settings.stall_timeout_s:.0f} s (FANPULSE_STALL_TIMEOUT_S)")

    def _lags(self) -> bool:
        return any(self._behind(tp) for tp in self._inputs()) or any(held.outbox for held in self.owner.held.values())

    def _inputs(self) -> list[TP]:
        names = self.settings.names
        return [TP(name, number) for number in self.owner.held for name in (*names.inputs, names.credits)]

    def _behind(self, tp: TP) -> int:
        return int(self.app.consumer.lag(tp) or 0)

    async def _measure(self) -> None:
        who = self.owner.member()
        if who is None:
            return  # what is between two owners keeps its last value: a gap would look like a lag that is gone
        tps, asked_at = self._inputs(), int(time.time() * 1000)
        try:
            ends = await self.app.consumer.highwaters(*tps) if tps else {}
        except KafkaError as error:
            log.warning("lag not measured: %r", error)
            return
        if self.owner.member() is not who:
            return
        lag, lag_s, fetched = {}, {}, self.app.consumer.fetched
        for tp in tps:
            held, place = self.owner.held[tp.partition], (self.labels[tp.topic], tp.partition)
            applied = held.applied[tp]
            behind = max(int(ends[tp]) - applied, 0)
            if not behind:
                held.caught_up_at[tp] = asked_at
            known = held.stamps.get(tp), held.caught_up_at.get(tp)
            lag[place] = float(behind)
            lag_s[place] = lag_age(time.time() * 1000, fetched.oldest(tp, applied), *known) if behind else 0.0
        self.metrics.lags.put(lag)
        self.metrics.lags_s.put(lag_s)
        count(self.owner, self.metrics, time.time() * 1000)
