"""A fan's words stay where they came in: input topics and, if refused, dead letters; a crash changes nothing."""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from redis import Redis

from agents.embedded.valkey import Valkey
from agents.errors import Exit
from agents.supervise.ports import LOOPBACK
from schemas.inputs.comments import COMMENTS
from tests.integration.security.raw import get
from tests.integration.serve.asking import SOON_S, seq
from tests.support.installation import Installation, fresh
from tests.support.locked import LockedKafka
from tests.support.processes import FAULTY, Processes, Running, until
from tests.support.reading import read, unread

WORDS = "ganz-schlecht-Xq7 糟糕透了 never again"
FRAGMENTS = ("ganz-schlecht-Xq7", "糟糕透了", json.dumps("糟糕透了")[1:-1])
POISON = "poison-77"
PLACES = (
    "/",
    "/brands",
    "/brands/miot/top",
    "/brands/miot/angry",
    "/brands/miot/flags",
    "/fans/miot/a",
    "/fans/miot/a/flags",
)


@pytest.fixture
def installation(locked: LockedKafka, valkey: Valkey, tmp_path: Path) -> Installation:
    made = fresh(tmp_path, locked.internal, valkey.url)
    made.create_topics()
    return made


def comment(n: int, fan: str = "a", **more: object) -> dict[str, Any]:
    now = int(time.time() * 1000)
    one = {"event_id": f"e{n}", "brand_id": "miot", "fan_id": fan, "platform": "weibo", "event_time": now}
    return one | {"text": WORDS, "post_id": "p1", **more}


def send(installation: Installation, *events: dict[str, Any] | bytes) -> None:
    settings = installation.settings()
    client = Producer({"bootstrap.servers": settings.broker, "partitioner": "murmur2_random"})
    for event in events:
        value = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        client.produce(settings.names.of(COMMENTS), value, b"miot:a")
    assert client.flush(30) == 0


def texts(
    installation: Installation, redis: Redis, processes: list[Running], serve: Running
) -> Iterator[tuple[str, str]]:
    """Yield every place that could hold a fan's words, and what it holds."""
    settings = installation.settings()
    names = settings.names
    for spec in names.specs():
        if spec.name not in {*names.inputs, names.dead_letters}:
            for record in read(settings.broker, spec.name):
                yield spec.name, repr(record) + (record.value or b"").decode(errors="replace")
    for key in redis.scan_iter("*"):
        yield f"Redis {key!r}", _value_of(redis, key)
    for running in processes:
        yield running.name, running.log.read_text(errors="replace")
    for file in installation.directory.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes().decode("utf-8", "replace")
    metrics = int(serve.environ["FANPULSE_METRICS_PORT"]) + 1
    for port in (metrics, *(running.port for running in processes if running.name.startswith("worker"))):
        yield f"metrics {port}", get(port, "/metrics").body.decode()
    for place in PLACES:
        yield place, get(serve.port, place).body.decode()


def _value_of(redis: Redis, key: bytes) -> str:
    """Return a key and what it holds, as text."""
    kind = redis.type(key)
    stored: Any = (
        [redis.get(key)]
        if kind == b"string"
        else [part for pair in redis.hgetall(key).items() for part in pair]
        if kind == b"hash"
        else redis.zrange(key, 0, -1)
    )
    return b"\n".join([key, *(part for part in stored if part)]).decode(errors="replace")


def first_update(port: int) -> str:
    """Return the first message of the page's stream: everything that it shows."""
    with socket.create_connection((LOOPBACK, port), 20) as line:
        line.sendall(b"GET /events?brand=miot HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        while not re.search(rb"data: .*\n", received):
            received += line.recv(65_536)
        return received.decode()


@pytest.mark.parametrize("level", [pytest.param("INFO", marks=pytest.mark.full), "DEBUG"])
def test_words_are_nowhere_but_in_inputs_and_dead_letters(
    level: str, processes: Processes, installation: Installation, valkey: Valkey
) -> None:
    settings = installation.settings()
    worker, serve = processes.worker(module=FAULTY, LOG_LEVEL=level), processes.serve(LOG_LEVEL=level)
    broken = json.dumps(comment(9, type=WORDS)).encode()
    good = [comment(n) for n in range(5)]
    send(installation, *good, broken, broken[:-3], json.dumps(comment(8, event_time=WORDS)).encode())
    until(lambda: seq(serve, "a") > 0, SOON_S, "the fan stands in Redis")
    until(lambda: len(read(settings.broker, settings.names.dead_letters)) == 3, SOON_S, "three dead letters")
    worker.terminate()
    # and a block that our own fold fails on, until it is found and refused
    worker.start(TEST_RAISE_ON=POISON)
    worker.wait_ready()
    send(installation, comment(20), comment(21, event_id=POISON), comment(22))
    deaths = 0
    while deaths < 6 and len(read(settings.broker, settings.names.dead_letters)) < 4:
        until(lambda: not worker.child.is_running or _is_done(installation), 60, "it died or got over it")
        if not worker.child.is_running:
            assert worker.child.poll() == Exit.FAIL_STOP
            deaths += 1
            worker.start()
            until(lambda: not worker.child.is_running or get_ready(worker), 60, "it is back")
    assert deaths >= 1
    until(lambda: _is_done(installation), SOON_S, "all is read")
    dead_letters = [
        (record.value or b"").decode(errors="replace") for record in read(settings.broker, settings.names.dead_letters)
    ]
    assert len(dead_letters) == 4
    assert any(piece in dead_letter for dead_letter in dead_letters for piece in FRAGMENTS), (
        "the search finds what is there"
    )
    with Redis(port=valkey.port) as redis:
        found = [
            (place, piece)
            for place, text in texts(installation, redis, processes.all, serve)
            for piece in FRAGMENTS
            if piece in text
        ]
    assert found == []
    assert not [piece for piece in FRAGMENTS if piece in first_update(serve.port)]


def get_ready(running: Running) -> bool:
    try:
        return get(running.port, "/readyz").status == 200
    except OSError:
        return False


def _is_done(installation: Installation) -> bool:
    settings = installation.settings()
    return not unread(settings.broker, settings.group, settings.names.inputs)
