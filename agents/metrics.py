"""Every metric of the worker, declared once; label sets derive from the model, histograms take a batch at a time."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from agents import build
from schemas.dead_letters import RefusalKind
from schemas.row import Floats, Ints
from schemas.topics import FAN_FLAGS, FAN_SCORES
from streams.fans.model import Model
from streams.rules.rule import Outcome

LATENCY_S = (0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BATCH_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
STAGES = ("decode", "fold", "write", "commit")
OUTCOMES = {outcome: outcome.name.lower() for outcome in Outcome}
REJECTED = "rejected"  # the outcome of a record that is not an event
OTHER = "other"
SENTIMENTS = ("negative", "neutral", "positive")
LAG_S = "Age of the oldest record not yet applied; until it is fetched, the most it can be; NaN: not known"


class Latency(Collector):
    """A histogram that is fed arrays: one observation costs nanoseconds, where a child of the client takes 1.3 us."""

    def __init__(self, name: str, about: str, topics: Iterable[str], registry: CollectorRegistry) -> None:
        self.name, self.about = name, about
        self.counts = {topic: np.zeros(len(LATENCY_S) + 1, np.int64) for topic in topics}
        self.sums = dict.fromkeys(self.counts, 0.0)
        registry.register(self)

    def observe(self, topic: str, seconds: Floats) -> None:
        """Take in the latencies of a batch of one topic."""
        places = np.searchsorted(LATENCY_S, seconds)
        self.counts[topic] += np.bincount(places, minlength=len(LATENCY_S) + 1)
        self.sums[topic] += float(seconds.sum())

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Return the histogram of every topic."""
        family = HistogramMetricFamily(self.name, self.about, labels=["topic"])
        edges = [*(str(edge) for edge in LATENCY_S), "+Inf"]
        for topic, counts in self.counts.items():
            below = np.cumsum(counts).tolist()
            family.add_metric([topic], list(zip(edges, below, strict=True)), self.sums[topic])
        return [family]


class AssignedGauge:
    """A gauge by topic and partition: one series for each assigned partition at every moment, and none for others."""

    def __init__(self, gauge: Gauge) -> None:
        self.gauge = gauge
        self.places: set[tuple[str, int]] = set()

    def put(self, values: Mapping[tuple[str, int], float]) -> None:
        """Set all there is; a scrape in between finds the old value or the new one."""
        for place, value in values.items():
            self.gauge.labels(*place).set(value)
        for place in self.places - values.keys():
            self.gauge.remove(*place)
        self.places = set(values)


class FanGauges:
    """Fans by brand and by each closed set that the rules declare, from the counts that the fold keeps.

    ``lifecycle`` gives ``fanpulse_fans{brand,lifecycle}``, ``authenticity`` ``fanpulse_suspects{brand}``, and any other
    set ``fanpulse_NAME_fans{brand,NAME}``.
    """

    def __init__(self, model: Model, registry: CollectorRegistry) -> None:
        self.names = [gauge.name for gauge in model.gauges]
        self.values = [gauge.values for gauge in model.gauges]
        self.gauges = {name: self._gauge(name, registry) for name in self.names}
        self.score_sum = Gauge("fanpulse_score_sum", "Sum of the scores of fans held", ["brand"], registry=registry)

    def put(self, brands: Sequence[str], class_counts: Ints, score_sums: Floats) -> None:
        """Set all gauges.

        Args:
            brands: labels, by the number of the brand.
            class_counts: int64[brands, classes] of all tasks together; a class numbers the combination of all values,
                those of the last gauge vary fastest.
            score_sums: float64[brands].
        """
        counts = class_counts.reshape(len(brands), *(len(values) for values in self.values))
        for axis, (name, values) in enumerate(zip(self.names, self.values, strict=True), 1):
            others = tuple(i for i in range(1, counts.ndim) if i != axis)
            for brand, fans in zip(brands, counts.sum(axis=others).tolist(), strict=True):
                self._put(name, brand, dict(zip(values, fans, strict=True)))
        for brand, total in zip(brands, score_sums.tolist(), strict=True):
            self.score_sum.labels(brand).set(total)

    def _put(self, name: str, brand: str, fans: Mapping[str, int]) -> None:
        if name == "authenticity":
            self.gauges[name].labels(brand).set(fans["suspect"])
            return
        for value, n in fans.items():
            self.gauges[name].labels(brand, value).set(n)

    def _gauge(self, name: str, registry: CollectorRegistry) -> Gauge:
        if name == "authenticity":
            about = "Fans held whose engagement looks faked"
            return Gauge("fanpulse_suspects", about, ["brand"], registry=registry)
        metric = "fanpulse_fans" if name == "lifecycle" else f"fanpulse_{name}_fans"
        return Gauge(metric, f"Fans held, by {name}", ["brand", name], registry=registry)


class Metrics:
    """The worker's metrics in a registry of their own; names and units as in the README's table.

    Topics as labels are the declared names of the inputs, without prefix; platforms are those that the parameter file
    names, in this order, and then ``other``.
    """

    def __init__(self, model: Model, platforms: Iterable[str]) -> None:
        self.registry = r = CollectorRegistry()
        build.declare(r)
        self.topics = [source.name for source in model.inputs]
        self.transitions = {  # labels by the numbers of flag, state and reason
            (spec.number, after, reason): (spec.kind, state, why)
            for spec in model.flag_specs
            for after, state in enumerate(spec.states)
            for reason, why in enumerate(spec.reasons)
            if (state, why) in spec.transitions
        }
        self.platforms = {name: code for code, name in enumerate(platforms)}
        self.platform_names = [*self.platforms, OTHER]
        events = Counter(
            "fanpulse_events", "Events read, by what became of them", ["topic", "platform", "outcome"], registry=r
        )
        self.events = {
            (topic, outcome): [events.labels(topic, platform, outcome) for platform in self.platform_names]
            for topic in self.topics
            for outcome in (*OUTCOMES.values(), REJECTED)
        }
        self.latency = Latency(
            "fanpulse_end_to_end_latency_seconds", "Event on the broker to score durable", self.topics, r
        )
        stages = Histogram(
            "fanpulse_batch_duration_seconds", "Time a batch or a flush took", ["stage"], buckets=BATCH_S, registry=r
        )
        self.stage = {stage: stages.labels(stage) for stage in STAGES}
        self.flags = Counter(
            "fanpulse_flags", "Transitions published", ["brand", "kind", "state", "reason"], registry=r
        )
        self.dead_letters = Counter("fanpulse_dead_letters", "Records refused", ["topic", "kind"], registry=r)
        self.comments = Counter("fanpulse_comments", "Comments by sentiment", ["brand", "sentiment"], registry=r)
        self.changelog = Counter("fanpulse_changelog_records", "Rows written to the changelog", registry=r)
        self.published = Counter("fanpulse_published_records", "Records written for readers", ["topic"], registry=r)
        self.rebalances = Counter("fanpulse_rebalances", "Assignments received from the group", registry=r)
        self.rebalance = Gauge("fanpulse_rebalance_seconds", "Time the last rebalance took", registry=r)
        self.restore = Gauge("fanpulse_restore_seconds", "Time the last restore took", registry=r)
        self.restored = Gauge("fanpulse_restored_fans", "Fans read back by the last restore", registry=r)
        self.fans = FanGauges(model, r)
        self.due_fans = Gauge("fanpulse_due_fans", "Fans whose timer has passed", registry=r)
        self.timer_lag = Gauge("fanpulse_timer_lag_seconds", "How far the newest tick handled is behind", registry=r)
        self.source_idle = Gauge(
            "fanpulse_source_idle", "1 while a brand's source is quiet too long", ["brand"], registry=r
        )
        self.dedup_window = Gauge(
            "fanpulse_dedup_window_seconds",
            "How long ago the oldest event came whose repeat is recognised for certain",
            ["topic"],
            registry=r,
        )
        at = ["topic", "partition"]
        self.lag = AssignedGauge(Gauge("fanpulse_consumer_lag_messages", "Records not yet applied", at, registry=r))
        self.lag_s = AssignedGauge(Gauge("fanpulse_consumer_lag_seconds", LAG_S, at, registry=r))
        self.ready = Gauge("fanpulse_ready", "1 while partitions are assigned and restored", registry=r)
        self.loop_lag = Gauge("fanpulse_event_loop_lag_seconds", "How late the event loop runs", registry=r)
        self.tasks = Gauge("fanpulse_event_loop_tasks", "Tasks of the event loop", registry=r)
        self.lost = Counter("fanpulse_lost_to_retention", "Records gone before we read them", ["topic"], registry=r)
        self.overruled = Gauge(
            "fanpulse_offsets_overruled",
            "Partitions whose committed offset differed from the applied one, which wins, at the last assignment",
            ["topic"],
            registry=r,
        )
        self.absent = Gauge("fanpulse_input_absent", "1 while an optional input is left out", ["topic"], registry=r)
        for topic in self.topics:
            self.lost.labels(topic)
            self.absent.labels(topic)
            self.overruled.labels(topic)
            for kind in RefusalKind:
                self.dead_letters.labels(topic, kind)
        for topic in (FAN_SCORES, FAN_FLAGS):
            self.published.labels(topic)

    def set_absent(self, topics: Iterable[str]) -> None:
        """Say which inputs are left out."""
        for topic in topics:
            self.absent.labels(topic).set(1)

    def begin_at_zero(self, brands: Iterable[str]) -> None:
        """Make the series of brands: one that appears later hides its first count."""
        for brand in (*brands, OTHER):
            for sentiment in SENTIMENTS:
                self.comments.labels(brand, sentiment)
            for labels in self.transitions.values():
                self.flags.labels(brand, *labels)
