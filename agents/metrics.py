"""Every metric of the worker, declared once; children are cached, histograms take a block at a time."""

from collections.abc import Iterable, Mapping

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from agents import build
from schemas.fan import Tier
from schemas.layout import Floats
from schemas.topics import FAN_FLAGS, FAN_SCORES, INPUTS
from streams.columns import Verdict

LATENCY_S = (0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BLOCK_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
OUTCOMES = {
    Verdict.APPLIED: "applied",
    Verdict.REPLAYED: "replayed",
    Verdict.DUPLICATE: "duplicate",
    Verdict.LATE: "late",
}
TOPICS = (*INPUTS, "credits")
OTHER = "other"
FEELINGS = ("negative", "neutral", "positive")
FLAGS = (  # kind, state, reason
    *(("tier", tier.name.lower().replace("_", "-"), "score") for tier in Tier),
    *(("churn", state, why) for state in ("at_risk", "churned") for why in ("silence", "negative", "campaign_only")),
    *(("churn", state, "act") for state in ("returned", "cleared")),
    *(("negative", "raised", why) for why in ("comment", "mood")),
    ("negative", "cleared", "mood"),
)


class Latency(Collector):
    """A histogram that is fed arrays: one observation costs nanoseconds, where a child of the client takes 1.3 us."""

    def __init__(self, name: str, about: str, registry: CollectorRegistry) -> None:
        self.name, self.about = name, about
        self.counts = {topic: np.zeros(len(LATENCY_S) + 1, np.int64) for topic in TOPICS}
        self.sums = dict.fromkeys(TOPICS, 0.0)
        registry.register(self)

    def observe(self, topic: str, seconds: Floats) -> None:
        """Take in the latencies of a block of one topic."""
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


LAG_S = "Age of the oldest record not yet applied; until it is fetched, the most it can be; NaN: not known"


class Held:
    """A gauge by topic and partition: one series for each place held now, at every moment, and none for others."""

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


class Metrics:
    """The worker's metrics in a registry of their own; names and units as in the README's table."""

    def __init__(self, platforms: Iterable[str]) -> None:
        self.registry = r = CollectorRegistry()
        build.declare(r)
        self.platforms = {name: code for code, name in enumerate(platforms)}
        self.platform_names = [*self.platforms, OTHER]
        events = Counter(
            "fanpulse_events", "Events read, by what became of them", ["topic", "platform", "outcome"], registry=r
        )
        self.events = {
            (topic, outcome): [events.labels(topic, platform, outcome) for platform in self.platform_names]
            for topic in TOPICS
            for outcome in (*OUTCOMES.values(), "ignored", "rejected")
        }
        self.latency = Latency("fanpulse_end_to_end_latency_seconds", "Event on the broker to score durable", r)
        stages = Histogram(
            "fanpulse_block_duration_seconds", "Time a block or a flush took", ["stage"], buckets=BLOCK_S, registry=r
        )
        self.stage = {stage: stages.labels(stage) for stage in ("decode", "fold", "write", "commit")}
        self.flags = Counter(
            "fanpulse_flags", "Transitions announced", ["brand", "kind", "state", "reason"], registry=r
        )
        self.dead_letters = Counter("fanpulse_dead_letters", "Records refused", ["topic", "reason"], registry=r)
        self.comments = Counter("fanpulse_comments", "Comments by sentiment", ["brand", "sentiment"], registry=r)
        self.changelog = Counter("fanpulse_changelog_records", "Rows written to the changelog", registry=r)
        self.announcements = Counter("fanpulse_announcements", "Records written for readers", ["topic"], registry=r)
        self.rebalances = Counter("fanpulse_rebalances", "Assignments received from the group", registry=r)
        self.rebalance = Gauge("fanpulse_rebalance_seconds", "Time the last rebalance took", registry=r)
        self.recovery = Gauge("fanpulse_recovery_seconds", "Time the last takeover took", registry=r)
        self.recovered = Gauge("fanpulse_recovered_fans", "Fans read back by the last takeover", registry=r)
        self.fans = Gauge("fanpulse_fans", "Fans held, by state of the lifecycle", ["brand", "lifecycle"], registry=r)
        self.tiers = Gauge("fanpulse_tier_fans", "Fans held, by tier", ["brand", "tier"], registry=r)
        self.score_sum = Gauge("fanpulse_score_sum", "Sum of the scores of fans held", ["brand"], registry=r)
        self.suspects = Gauge("fanpulse_suspects", "Fans held whose engagement looks faked", ["brand"], registry=r)
        self.due_fans = Gauge("fanpulse_due_fans", "Fans that wait for time to wake them", registry=r)
        self.timer_lag = Gauge("fanpulse_timer_lag_seconds", "How far the newest tick handled is behind", registry=r)
        self.feed_stale = Gauge(
            "fanpulse_feed_stale", "1 while a brand's feed is quiet too long", ["brand"], registry=r
        )
        at = ["topic", "partition"]
        self.lag = Gauge("fanpulse_consumer_lag_messages", "Records not yet applied", at, registry=r)
        self.lag_s = Gauge("fanpulse_consumer_lag_seconds", LAG_S, at, registry=r)
        self.lags, self.lags_s = Held(self.lag), Held(self.lag_s)
        self.ready = Gauge("fanpulse_ready", "1 while partitions are assigned and restored", registry=r)
        self.loop_lag = Gauge("fanpulse_event_loop_lag_seconds", "How late the event loop runs", registry=r)
        self.tasks = Gauge("fanpulse_event_loop_tasks", "Tasks of the event loop", registry=r)
        self.holes = Counter("fanpulse_lost_to_retention", "Records gone before we read them", ["topic"], registry=r)
        for topic in TOPICS:
            self.holes.labels(topic)
        for topic in (FAN_SCORES, FAN_FLAGS):
            self.announcements.labels(topic)

    def begin_at_zero(self, brands: Iterable[str], reasons: Iterable[str]) -> None:
        """Make the series of brands and of reasons for dead letters: one that appears later hides its first count."""
        for topic in TOPICS:
            for reason in reasons:
                self.dead_letters.labels(topic, reason)
        for brand in (*brands, OTHER):
            for feeling in FEELINGS:
                self.comments.labels(brand, feeling)
            for labels in FLAGS:
                self.flags.labels(brand, *labels)
