"""The worker's gauges that need more than one look: consumer lag and its age, and fans by class."""

import logging
import math

import faust
import numpy as np
from aiokafka.errors import KafkaError
from faust.types import TP

from agents.clock import Clock
from agents.metrics import Metrics
from agents.worker.assignment import AssignmentHandler
from streams.fans.params import Brands

log = logging.getLogger(__name__)


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


class Gauges:
    """Sets the gauges of one worker."""

    def __init__(
        self, assignment: AssignmentHandler, brands: Brands, app: faust.App, metrics: Metrics, clock: Clock
    ) -> None:
        self.assignment, self.brands, self.app, self.metrics, self.clock = assignment, brands, app, metrics, clock

    async def update(self) -> None:
        """Ask the broker for the ends of our inputs, and set all gauges."""
        member = self.assignment.current_member()
        if member is None:
            return  # what is between two owners keeps its last value: a gap would look like a lag that is gone
        tps = self.inputs()
        asked_at = self.clock.now()
        try:
            ends = await self.app.consumer.highwaters(*tps) if tps else {}
        except KafkaError as error:
            log.warning("lag not measured: %r", error)
            return
        if self.assignment.current_member() is not member:
            return
        self._set_lag(tps, {tp: int(end) for tp, end in ends.items()}, asked_at)
        self._set_fans()
        self._set_dedup()

    def inputs(self) -> list[TP]:
        """Return the input partitions of our tasks."""
        names = self.assignment.names.inputs
        return [tp for active in self.assignment.tasks.values() for tp in active.offsets if tp.topic in names]

    def _set_lag(self, tps: list[TP], ends: dict[TP, int], asked_at: int) -> None:
        lag, lag_s, fetched, now = {}, {}, self.app.consumer.fetched, self.clock.now()
        for tp in tps:
            active, label = self.assignment.tasks[tp.partition], self.assignment.names.inputs[tp.topic].name
            applied = active.offsets[tp]
            waiting = max(ends[tp] - applied, 0)
            if not waiting:
                active.caught_up_at[tp] = asked_at
            known = active.newest_append.get(tp), active.caught_up_at.get(tp)
            lag[label, tp.partition] = float(waiting)
            lag_s[label, tp.partition] = lag_age(now, fetched.oldest(tp, applied), *known) if waiting else 0.0
        self.metrics.lag.put(lag)
        self.metrics.lag_s.put(lag_s)

    def _set_fans(self) -> None:
        tasks = [active.task for active in self.assignment.tasks.values()]
        if not tasks:
            self.metrics.source_idle.clear()  # nobody asks a worker without partitions
            return
        columns = [task.fans.columns for task in tasks]
        counts = np.sum([one.class_counts for one in columns], axis=0)
        self.metrics.fans.put(self.brands.names, counts, np.sum([one.score_sums for one in columns], axis=0))
        self.metrics.due_fans.set(sum(task.due_fans for task in tasks))
        now = self.clock.now()
        for brand in self.brands.codes:
            self.metrics.source_idle.labels(brand).set(all(task.fans.sources.is_stale(brand, now) for task in tasks))

    def _set_dedup(self) -> None:
        tasks, now = [active.task for active in self.assignment.tasks.values()], self.clock.now()
        for source in self.assignment.names.inputs.values():
            if source.deduplicates and tasks:
                since = max(task.dedup.sure_since_ms(source.number) for task in tasks)
                self.metrics.dedup_window.labels(source.name).set((now - since) / 1000 if since else math.inf)
