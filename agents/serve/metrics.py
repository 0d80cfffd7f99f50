"""What the serve process knows about itself: metrics, the state that probes and the page show, and a heartbeat."""

import time
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from agents import build
from schemas.topics import FAN_FLAGS, FAN_SCORES

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class ServeMetrics:
    """Every metric of the serve process, in a registry of its own; topics are labelled without their prefix."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        build.declare(registry)
        self.records = Counter(
            "fanpulse_serve_records", "Output records read by the serve process.", ["topic"], registry=registry
        )
        self.dropped = Counter(
            "fanpulse_serve_dropped",
            "Output records that were not written: not newer than what is stored, or unreadable.",
            ["reason"],
            registry=registry,
        )
        self.lag = Gauge(
            "fanpulse_serve_lag_messages",
            "Output records that are not in Redis yet, by end offset.",
            ["topic"],
            registry=registry,
        )
        self.rebuilds = Counter(
            "fanpulse_serve_rebuilds",
            "Times the serving store was rebuilt from the beginning of the topics.",
            registry=registry,
        )
        self.write_duration = Histogram(
            "fanpulse_redis_write_duration_seconds",
            "Time of one transaction to Redis, reading what is stored included.",
            buckets=BUCKETS_S,
            registry=registry,
        )
        self.redis_errors = Counter(
            "fanpulse_redis_errors", "Times that Redis failed, refused or did not answer.", registry=registry
        )
        self.clients = Gauge("fanpulse_serve_page_clients", "Live pages connected.", registry=registry)
        self.requests = Counter(
            "fanpulse_serve_requests", "HTTP requests answered, by status class.", ["status"], registry=registry
        )
        self.loop_lag = Gauge("fanpulse_serve_loop_lag_seconds", "How late the event loop last was.", registry=registry)
        for reason in ("stale", "unreadable"):
            self.dropped.labels(reason)  # a series that appears with its first count hides that count from rate()
        for status in ("2xx", "3xx", "4xx", "5xx"):
            self.requests.labels(status)
        for topic in (FAN_SCORES, FAN_FLAGS):
            self.records.labels(topic)
            self.lag.labels(topic)


@dataclass
class ServeState:
    """What works and what does not; each problem is a sentence for the screen, or None."""

    redis: str | None = None
    kafka: str | None = None
    reading: str | None = None  # why the output topics cannot be read
    workers: int | None = None  # members of the workers' group; None: unknown
    caught_up: bool = False  # every record that existed when the reader attached is in Redis
    lag: int = 0  # output records that are not in Redis yet

    def not_ready(self) -> str | None:
        """Return why queries should go to another process, or None.

        >>> ServeState(caught_up=True).not_ready() is None, ServeState(lag=12).not_ready()
        (True, 'catching up: 12 records to go')
        """
        problem = self.redis or self.reading
        if problem is not None:
            return problem
        return None if self.caught_up else f"catching up: {self.lag} records to go"


class Heartbeat:
    """Detects a blocked event loop; the loop records that it runs, the threads of the metrics endpoint read."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._at = time.monotonic()

    def record(self) -> None:
        """Record that the event loop runs."""
        self._at = time.monotonic()

    def not_alive(self) -> str | None:
        """Return what is wrong, or None."""
        silent_s = time.monotonic() - self._at
        return f"the event loop has been blocked for {silent_s:.0f} s" if silent_s > self.timeout_s else None
