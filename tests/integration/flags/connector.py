"""What a platform's connector does: writes events to their topics, keyed as producers do; at once or as they happen."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Self

import orjson
from confluent_kafka import Producer

from agents.kafka.publish import key_hash
from agents.settings import Settings
from tests.integration.flags.people import Event, event

TOPICS = ("likes", "comments", "reposts", "purchases")
TIMEOUT_S = 60.0


class Connector:
    """One producer; what it wrote is on the broker when a method returns."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.others = [fans_of_partition(settings, number) for number in range(settings.partitions)]
        self._ids = itertools.count()
        self._failed: list[str] = []
        options: dict[str, Any] = {
            "bootstrap.servers": settings.broker,
            "enable.idempotence": True,
            "linger.ms": 2,
            "log_level": 0,
        }
        self._producer = Producer(options | {"queue.buffering.max.messages": 1_000_000})

    def write(self, events: Iterable[Event], seconds: float = 0.0) -> None:
        """Write events in their order: at once, or evenly over some seconds."""
        waiting, began = list(events), time.monotonic()
        for n, one in enumerate(waiting):
            self.produce(one)
            ahead = began + seconds * n / len(waiting) - time.monotonic()
            if ahead > 0.02:
                self._producer.flush(TIMEOUT_S)
                time.sleep(ahead)
        assert not self._producer.flush(TIMEOUT_S), "the broker did not take everything"
        assert not self._failed, self._failed[0]

    def produce(self, one: Event) -> None:
        """Hand one event over, and do not wait."""
        fields = {name: value for name, value in one.items() if name != "topic"}
        key = f"{one['brand_id']}:{one['fan_id']}".encode()
        place = key_hash(key) % self.settings.partitions
        topic = self.settings.topic_prefix + one["topic"]
        self._producer.produce(topic, orjson.dumps(fields), key, place, on_delivery=self._done)
        self._producer.poll(0)

    def traffic(self, start: int, stop: int, every: int) -> Iterator[Event]:
        """Yield what other fans do between two moments: an act in every partition every so many ms, in order."""
        for at in range(start, stop, every):
            for others in self.others:
                n = next(self._ids)
                topic = TOPICS[0 if n % 10 < 7 else n % 4]
                more = {"sentiment": 0.1} if topic == "comments" else {}
                yield event(others[n // len(self.others) % len(others)], n, at, topic, **more)

    def _done(self, error: object, _: object) -> None:
        if error is not None:
            self._failed.append(str(error))


def fans_of_partition(settings: Settings, number: int, size: int = 20) -> list[str]:
    """Return names of fans that live in one partition."""
    names = (f"weibo:crowd-{n}" for n in itertools.count())
    here = (name for name in names if key_hash(f"miot:{name}".encode()) % settings.partitions == number)
    return list(itertools.islice(here, size))


class Alive:
    """Other fans act in every partition, as the clock goes, while the block lasts."""

    def __init__(self, connector: Connector, every_s: float = 0.2) -> None:
        self._connector, self._every_s = connector, every_s
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._enough.wait(self._every_s):
            now = time.time_ns() // 1_000_000
            self._connector.write(self._connector.traffic(now, now + 1, 1))
