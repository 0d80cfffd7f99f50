"""What the serve process counts about itself."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from agents import build
from schemas.topics import FAN_FLAGS, FAN_SCORES

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Every metric of the serve process, in a registry of its own; topics are labelled without their prefix."""

    def __init__(self) -> None:
        """Start at nothing."""
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
            "Times the copy in Redis was read from the beginning of the topics.",
            registry=registry,
        )
        self.write_duration = Histogram(
            "fanpulse_redis_write_duration_seconds",
            "Time of one transaction to Redis, reading what is stored included.",
            buckets=SECONDS,
            registry=registry,
        )
        self.redis_errors = Counter(
            "fanpulse_redis_errors", "Times that Redis did not do what it was asked.", registry=registry
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


class Heartbeat:
    """Tells whether the event loop still turns; beaten by the loop, read from the endpoint's threads."""

    def __init__(self, patience_s: float) -> None:
        """Count as alive until the first beat is overdue."""
        self.patience_s = patience_s
        self._at = time.monotonic()

    def beat(self) -> None:
        """Say that the loop turns."""
        self._at = time.monotonic()

    def stopped(self) -> str | None:
        """Return what is wrong, or None."""
        silent = time.monotonic() - self._at
        return f"the event loop has been blocked for {silent:.0f} s" if silent > self.patience_s else None
