"""What became of events, counted for Prometheus a portion at a time: a batch alone is too small to be worth it."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

import numpy as np

from agents.metrics import OUTCOMES, REJECTED, SENTIMENTS, Metrics
from schemas.inputs.declaration import Input
from schemas.row import Rows
from streams.decode.decoder import DecodedBatch
from streams.rules.rule import Outcome
from streams.task import Task

TRANSITION_KEY = ("flag", "after", "reason")
SENTIMENT_EDGES = -0.2, 0.2
COUNTED = (Outcome.APPLIED, Outcome.LATE)


class Accumulator:
    """Takes what is processed, and moves the metrics when asked."""

    def __init__(self, metrics: Metrics, brand_names: list[str]) -> None:
        """``brand_names``: labels by the number of the brand in the parameters."""
        self.metrics, self.brand_names = metrics, brand_names
        self._batches: dict[str, list[DecodedBatch]] = defaultdict(list)
        self._with_text: set[str] = set()
        self._transitions: Counter[tuple[int, ...]] = Counter()  # by brand, flag, what it turned to, and why

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Observe how long a stage takes."""
        began = time.perf_counter()
        yield
        self.metrics.stage[stage].observe(time.perf_counter() - began)

    def add_batch(self, source: Input, batch: DecodedBatch) -> None:
        """Note a batch of an input; its outcomes must stand."""
        self._batches[source.name].append(batch)
        if source.has_text:
            self._with_text.add(source.name)

    def add_transitions(self, task: Task, transitions: Iterable[Rows]) -> None:
        """Note transitions of a task's fans."""
        for rows in transitions:
            codes = task.fans.columns.code[rows["row"]]
            columns = (rows[name].tolist() for name in TRANSITION_KEY)
            self._transitions.update(zip(codes.tolist(), *columns, strict=True))

    def count_gap(self, topic: str, records: int) -> None:
        """Count records that were gone before we read them."""
        self.metrics.lost.labels(topic).inc(records)

    def set_timer_lag(self, seconds: float) -> None:
        """Note how far the newest tick is behind."""
        self.metrics.timer_lag.set(seconds)

    def flush(self) -> None:
        """Move the metrics by what was noted."""
        for topic, batches in self._batches.items():
            if batches:
                self._count(topic, batches)
        for (code, *transition), n in self._transitions.items():
            labels = self.metrics.transitions[(transition[0], transition[1], transition[2])]
            self.metrics.flags.labels(self.brand_names[code], *labels).inc(n)
        self._batches.clear()
        self._transitions.clear()

    def _count(self, topic: str, batches: list[DecodedBatch]) -> None:
        counters, other = self.metrics.events, len(self.metrics.platforms)
        events = np.concatenate([batch.events for batch in batches]) if len(batches) > 1 else batches[0].events
        code = self.metrics.platforms.get
        acts = chain.from_iterable(batch.acts for batch in batches)
        platforms = np.array([code(getattr(act, "platform", ""), other) for act in acts], np.int64)
        n = np.bincount(events["outcome"] * (other + 1) + platforms)
        for place in np.flatnonzero(n).tolist():
            outcome, platform = divmod(place, other + 1)
            counters[topic, OUTCOMES[Outcome(outcome)]][platform].inc(int(n[place]))
        if topic in self._with_text:
            self._count_sentiment(events)
        refusals = Counter(refusal.kind for batch in batches for _, refusal in batch.refused)
        for kind, times in refusals.items():
            self.metrics.dead_letters.labels(topic, kind).inc(times)
        if refusals:
            counters[topic, REJECTED][other].inc(refusals.total())

    def _count_sentiment(self, events: Rows) -> None:
        counted = events[np.isin(events["outcome"], COUNTED)]
        classes = np.searchsorted(SENTIMENT_EDGES, counted["sentiment"])
        n = np.bincount(counted["code"] * len(SENTIMENTS) + classes)
        for place in np.flatnonzero(n).tolist():
            code, sentiment = divmod(place, len(SENTIMENTS))
            self.metrics.comments.labels(self.brand_names[code], SENTIMENTS[sentiment]).inc(int(n[place]))
