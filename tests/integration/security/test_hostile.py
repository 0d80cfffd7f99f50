"""Hostile records through a real Kafka: each is a dead letter or counts, its neighbours count, the worker lives."""

import time
from itertools import count

import msgspec
import pytest
from confluent_kafka import Message, Producer

from agents.embedded.valkey import Valkey
from agents.errors import Exit
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from streams.wire.hashes import partition_of
from tests.integration.security.raw import get
from tests.integration.serve.asking import SOON_S, seq
from tests.streams.histories import record
from tests.streams.test_hostile import KINDS, SAMPLE, TAKEN
from tests.support.installation import Installation
from tests.support.processes import Processes, until
from tests.support.reading import last_views, read

LARGEST = 11_000_000  # bytes of a batch that we send; the locked broker lets it through
CUT = 65_536


def neighbour(partitions: int) -> str:
    """Return a fan whose records are in the same partition as the hostile ones'."""
    home = partition_of(SAMPLE.key or b"", partitions)
    return next(fan for n in count() if partition_of(f"miot:{(fan := f'good-{n}')}".encode(), partitions) == home)


@pytest.mark.parametrize("is_alone", [False, True], ids=["in one block", "each in its own"])
def test_hostile_records_cost_nothing_but_themselves(
    is_alone: bool, processes: Processes, installation: Installation, valkey: Valkey
) -> None:
    settings = installation.settings()
    fan = neighbour(settings.partitions)
    key, refused = f"miot:{fan}".encode(), dict[tuple[int, int], str]()
    worker = processes.worker() if is_alone else None
    client = Producer(
        {"bootstrap.servers": settings.broker, "message.max.bytes": LARGEST, "partitioner": "murmur2_random"}
        | {"linger.ms": 0 if is_alone else 200}
    )

    def send(name: str, key: bytes | None, value: bytes | None) -> None:
        def done(error: object, message: Message) -> None:
            assert error is None, error
            place = message.partition(), message.offset()
            assert None not in place
            if name and name not in TAKEN:
                refused[place] = name  # type: ignore[index]  # both are there

        client.produce(settings.names.of(COMMENTS), value, key, on_delivery=done)
        if is_alone:
            assert client.flush(30) == 0

    for n, (name, (value, _)) in enumerate(KINDS.items()):
        send("", key, record(2 * n, 0, fan).value)
        send(name, SAMPLE.key, value)
        send("", key, record(2 * n + 1, 0, fan).value)
    assert client.flush(60) == 0
    worker, serve = worker or processes.worker(), processes.serve(REDIS_URL=valkey.url)
    until(lambda: len(read(settings.broker, settings.names.dead_letters)) >= len(refused), 60, worker.words)

    def views() -> dict[str, dict[str, object]]:
        return last_views(read(settings.broker, settings.names.fan_scores))

    def counted() -> object:
        return views().get(f"miot:{fan}", {}).get("counts")

    until(lambda: counted() == {"comment": 2 * len(KINDS)}, SOON_S, lambda: f"all neighbours count, not {counted()}")
    dead_letters = read(settings.broker, settings.names.dead_letters)
    headers = [dead_letter.headers for dead_letter in dead_letters]
    found = {(int(header["partition"]), int(header["offset"])): header["reason"] for header in headers}
    assert found.keys() == refused.keys()
    assert len(dead_letters) == len(found)
    assert all(len(dead_letter.value or b"") <= CUT for dead_letter in dead_letters)
    assert views().keys() == {f"miot:{fan}", "miot:f"}
    until(lambda: seq(serve, fan) > 0, SOON_S, "served")
    for running in (worker, serve):
        assert running.terminate() == Exit.OK
        assert "Traceback" not in running.words(2000)


MARKUP = ["<script>alert(1)</script>", "a\x00b", "\x1b[2J", "\u202egnp", "..", "a/../b", "a\nb", "'\"\\", "\ufeff", "*"]


def test_markup_and_control_characters_in_ids_are_ids_like_others(
    processes: Processes, installation: Installation, valkey: Valkey
) -> None:
    settings = installation.settings()
    client = Producer({"bootstrap.servers": settings.broker, "partitioner": "murmur2_random"})
    now = int(time.time() * 1000)
    for n, fan in enumerate(MARKUP):
        one = {"event_id": f"e{n}", "brand_id": "miot", "fan_id": fan, "platform": "<b>", "event_time": now}
        client.produce(settings.names.of(LIKES), msgspec.json.encode(one), f"miot:{fan}".encode())
    assert client.flush(30) == 0
    worker, serve = processes.worker(), processes.serve(REDIS_URL=valkey.url)

    def fans() -> list[str]:
        rows = msgspec.json.decode(get(serve.port, "/brands/miot/top?limit=500").body)["fans"]
        return [row["fan_id"] for row in rows]

    until(lambda: set(MARKUP) <= set(fans()), SOON_S, lambda: f"all are served, only {fans()}")
    assert get(serve.port, "/brands").headers["content-type"].startswith("application/json")
    top = processes.command("fan", "top", "miot", REDIS_URL=valkey.url, WEB_PORT=serve.port)
    assert top.wait_end(30) == Exit.OK, top.words()
    header = top.log.read_bytes()
    assert not [byte for byte in header if byte < 32 and byte not in b"\n\r\t"], "a terminal would obey"
    assert b"<b>" not in get(worker.port, "/metrics").body
