"""From an angry comment on the broker to its flag in a downstream reader's hands, at a steady rate of events.

Ours is the reader of `fan-flags` that sees committed records only. Measured from the moment at which the broker has the
comment (it stamps the topic), and from the one at which it was handed to the producer, which waits for company.
"""

import itertools
import threading
import time
from typing import Any, NamedTuple

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka.admin import ConfigResource

from agents.kafka.connection import admin
from agents.kafka.publish import key_hash
from agents.settings import Settings
from tests.bench.events import events
from tests.support.reading import read

FANS = 50_000
SLICE_S = 0.005
LAST_S = 15.0  # that the last flag may be on its way
TEXT = "质量太差了，退款！"  # noqa: RUF001  as a fan has it


class Spread(NamedTuple):
    """Some latencies, in milliseconds."""

    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, took: list[float]) -> "Spread":
        """Return the spread of latencies in seconds."""
        took = sorted(one * 1000 for one in took)
        return cls(took[len(took) // 2], took[int(len(took) * 0.99)], took[-1])

    def __str__(self) -> str:
        return f"p50 {self.p50:.0f}, p99 {self.p99:.0f}, worst {self.worst:.0f} ms"


class Latency(NamedTuple):
    """What was reached, of how many comments, and at how many events a second."""

    broker: Spread
    producer: Spread
    comments: int
    lost: int
    per_s: float

    def __str__(self) -> str:
        return (
            f"comment to flag, at {self.per_s:,.0f} events/s: from the broker on {self.broker}; from the producer on "
            f"{self.producer} ({self.comments} comments, {self.lost} without a flag)"
        )


class Load(threading.Thread):
    """Writes the benchmark's traffic, and every so often the first comment of a fan never seen: an angry one."""

    def __init__(self, settings: Settings, rate: int, angry_per_s: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self.settings, self.rate, self.seconds = settings, rate, seconds
        self.every = rate // angry_per_s
        self.written_at: dict[str, float] = {}
        self.took = 0.0
        options: dict[str, Any] = {"bootstrap.servers": settings.broker, "linger.ms": 10, "log_level": 0}
        self.producer = Producer(options)

    def run(self) -> None:
        began, traffic = time.monotonic(), events(1 << 40, FANS, seed=3, start_ms=0)
        for n in itertools.count(1):
            topic, key, event = next(traffic)
            if n % self.every == 0:
                name = f"weibo:angry-{n}"
                topic, key = "comments", f"miot:{name}"
                sentiment_of = {"sentiment": -0.9, "text": None} if n // self.every % 2 else {"text": TEXT}
                event |= {"event_id": name, "fan_id": name} | sentiment_of
                self.written_at[name] = time.time()
            event["event_time"] = time.time_ns() // 1_000_000
            place = key_hash(key.encode()) % self.settings.partitions
            self.producer.produce(self.settings.topic_prefix + topic, orjson.dumps(event), key, place)
            ahead = began + n / self.rate - time.monotonic()
            if ahead > SLICE_S:
                self.producer.poll(0)
                time.sleep(ahead)
            if n >= self.rate * self.seconds:
                break
        self.took = time.monotonic() - began
        self.producer.flush(LAST_S)


def measure(settings: Settings, *, rate: int, seconds: float, warm_s: float, angry_per_s: int = 20) -> Latency:
    """Return what a reader of flags sees; comments of the first ``warm_s`` do not count."""
    _let_the_broker_stamp(settings)
    load = Load(settings, rate, angry_per_s, warm_s + seconds)
    reader = reader_of_flags(settings)
    try:
        began = time.time()
        load.start()
        seen = read_flags(reader, load)
    finally:
        reader.close()
    counted = {name: at for name, at in load.written_at.items() if at >= began + warm_s}
    answered, on_broker = counted.keys() & seen.keys(), _stamped(settings)
    return Latency(
        Spread.of([seen[name] - on_broker[name] for name in answered]),
        Spread.of([seen[name] - counted[name] for name in answered]),
        len(counted),
        len(counted) - len(answered),
        load.rate * load.seconds / load.took,
    )


def _let_the_broker_stamp(settings: Settings) -> None:
    """Make the timestamps of comments the broker's own."""
    with admin(settings) as client:
        client.alter_configs(
            [ConfigResource("TOPIC", _comments(settings), {"message.timestamp.type": "LogAppendTime"})]
        )


def _stamped(settings: Settings) -> dict[str, float]:
    """Return when the broker had the comment of each angry fan, by name."""
    comments = read(settings.broker, _comments(settings))
    return {(record.key or b"").decode().partition(":")[2]: record.timestamp / 1000 for record in comments}


def _comments(settings: Settings) -> str:
    return settings.topic_prefix + "comments"


def reader_of_flags(settings: Settings) -> Consumer:
    options: dict[str, Any] = {"bootstrap.servers": settings.broker, "group.id": "latency", "log_level": 0}
    options |= {"isolation.level": "read_committed", "enable.auto.commit": False, "fetch.wait.max.ms": 100}
    reader = Consumer(options)
    places = [TopicPartition(settings.names.fan_flags, n) for n in range(settings.partitions)]
    for place in places:
        place.offset = reader.get_watermark_offsets(place, timeout=LAST_S)[1]
    reader.assign(places)
    return reader


def read_flags(reader: Consumer, load: Load) -> dict[str, float]:
    """Return when the flag of each angry fan was here, by name."""
    seen: dict[str, float] = {}
    end = 0.0
    while True:
        message = reader.poll(0.05)
        now = time.time()
        if message is not None and message.error() is None:
            flag = orjson.loads(message.value() or b"{}")
            if flag["kind"] == "negative" and flag["state"] == "raised":
                seen.setdefault(flag["fan_id"], now)
        if not load.is_alive():
            end = end or now
            if seen.keys() >= load.written_at.keys() or now > end + LAST_S:
                return seen
