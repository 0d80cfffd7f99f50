"""A broker whose partitions lag does not delay the partitions that another broker leads."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka import Producer

from agents.kafka.publish import key_hash
from agents.settings import Settings
from agents.transport.fetching import drain, next_batches
from tests.bench.latency import Load, Spread, read_flags, reader_of_flags
from tests.support.brokers import FAST, SLOW, Brokers, brokers
from tests.support.installation import Installation, fresh
from tests.support.processes import Processes

__all__ = ["brokers"]

RATE, ANGRY_PER_S = 1_000, 50
WARM_S, SECONDS = 6.0, 14.0
DELAY_S = 0.3
NUMBERS = {
    "led by the fast broker": (0, 1),
    "with likes on the slow one": (2,),
    "with all inputs on the slow one": (3,),
}
LIKES = [FAST, FAST, SLOW, SLOW]
OTHERS = [FAST, FAST, FAST, SLOW]
RECORD_BYTES, BACKLOG_BYTES = 20_000, 80_000_000  # of each slow likes partition: 1 MB a fetch, of 320 ms each
NOISE_MS = 50.0  # between two runs on a busy machine


def create(installation: Installation, brokers: Brokers) -> Settings:
    """Create the topics; what the group owns and writes is led by the fast broker."""
    settings = installation.settings()
    names = settings.names
    leaders = {spec.name: [FAST] * len(LIKES) for spec in names.specs()} | dict.fromkeys(names.inputs, OTHERS)
    leaders[names.leading_input] = LIKES
    brokers.create(leaders, {spec.name: spec.config(1) for spec in names.specs()})
    return settings


def write_backlog(settings: Settings) -> None:
    """Give the likes that the slow broker leads a backlog of an hour ago, with few events and many bytes."""
    producer = Producer({"bootstrap.servers": settings.broker, "linger.ms": 5, "log_level": 0})
    event = {"schema": 1, "brand_id": "miot", "platform": "weibo", "source": "organic", "post_id": "p"}
    event |= {"event_time": int((time.time() - 3600) * 1000), "account_id": "miot-main", "note": "x" * RECORD_BYTES}
    for number in (n for n, leader in enumerate(LIKES) if leader == SLOW):
        fan = next(
            fan for n in range(1_000) if key_hash(f"miot:{(fan := f'weibo:{n}')}".encode()) % len(LIKES) == number
        )
        for n in range(BACKLOG_BYTES // RECORD_BYTES):
            value = orjson.dumps(event | {"event_id": f"{number}-{n}", "fan_id": fan})
            producer.produce(settings.names.leading_input, value, f"miot:{fan}".encode(), number)
            producer.poll(0.001 if n % 100 == 0 else 0)
    assert producer.flush(60) == 0


def measure(settings: Settings) -> dict[str, Spread]:
    """Return how long angry comments take to their flags, from the producer on, by the brokers of their numbers."""
    load, reader = Load(settings, RATE, ANGRY_PER_S, WARM_S + SECONDS), reader_of_flags(settings)
    try:
        began = time.time()
        load.start()
        seen = read_flags(reader, load)
    finally:
        reader.close()
    counted = {name: at for name, at in load.written_at.items() if at >= began + WARM_S}
    assert counted.keys() <= seen.keys(), f"{len(counted.keys() - seen.keys())} of {len(counted)} have no flag"
    number = {name: key_hash(f"miot:{name}".encode()) % settings.partitions for name in counted}
    return {
        what: Spread.of([seen[name] - at for name, at in counted.items() if number[name] in numbers])
        for what, numbers in NUMBERS.items()
    }


@pytest.fixture
def run(brokers: Brokers, tmp_path: Path) -> Iterator[list[Processes]]:
    """What was started."""
    started: list[Processes] = []
    yield started
    for processes in started:
        processes.end()


def latency(brokers: Brokers, started: list[Processes], directory: Path, delay_s: float) -> dict[str, Spread]:
    """Return the latency of a new worker; if the second broker is slow, there is a backlog on it."""
    directory.mkdir()
    installation = fresh(directory, brokers.bootstrap, PARTITIONS=len(LIKES), TICK_S=5)
    settings = create(installation, brokers)
    if delay_s:
        write_backlog(settings)
        brokers.proxy.delay_s = delay_s
        brokers.proxy.heal()
    started.append(Processes(installation))
    worker = started[-1].worker()
    found = measure(settings)
    assert worker.child.is_running, worker.words()
    worker.terminate()
    for what, spread in found.items():
        print(f"{delay_s * 1000:.0f} ms: {what}: {spread}; load average {os.getloadavg()[0]:.1f}")
    return found


def test_partitions_of_a_fast_broker_keep_their_latency(brokers: Brokers, run: list[Processes], tmp_path: Path) -> None:
    before = latency(brokers, run, tmp_path / "before", 0.0)
    after = latency(brokers, run, tmp_path / "after", DELAY_S)
    fast, other = "led by the fast broker", "with all inputs on the slow one"
    assert after[other].p50 > DELAY_S * 1000, "the proxy delays nothing"
    assert after[fast].p99 <= 2 * before[fast].p99 + NOISE_MS


def test_a_fetch_on_its_way_from_a_slow_broker_delays_no_record_of_a_fast_one(brokers: Brokers) -> None:
    """At a time at which the fetch of the slow broker's partition takes ``DELAY_S``, a record is read at once."""
    brokers.create({"pair": [FAST, SLOW]}, {})
    brokers.proxy.delay_s = DELAY_S
    brokers.proxy.heal()
    fast, slow = TopicPartition("pair", 0), TopicPartition("pair", 1)

    async def claim() -> list[float]:
        options = {"fetch_max_wait_ms": 20, "auto_offset_reset": "earliest", "isolation_level": "read_committed"}
        async with (
            AIOKafkaConsumer(bootstrap_servers=brokers.bootstrap, **options) as consumer,
            AIOKafkaProducer(bootstrap_servers=brokers.bootstrap) as producer,
            asyncio.timeout(60),
        ):
            consumer.assign([fast, slow])
            while consumer.last_stable_offset(slow) is None:
                await next_batches(consumer._fetcher, None, 0.1)
            took = []
            for _ in range(200):
                await producer.send_and_wait(fast.topic, b"now", partition=fast.partition)
                began = time.monotonic()
                while fast not in (drain(consumer._fetcher, None) or await next_batches(consumer._fetcher, None, 1.0)):
                    pass
                took.append(time.monotonic() - began)
            return took[1:]  # both connections are open after the first

    spread = Spread.of(asyncio.run(claim()))
    print(f"{spread}; load average {os.getloadavg()[0]:.1f}")
    assert spread.p99 < DELAY_S * 1000 / 2
