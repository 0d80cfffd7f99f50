"""Claims about what the serve process survives: restarts, and failures of Redis, the broker and the topics."""

import json
import os
import signal
import socket
from functools import partial
from http.client import HTTPConnection

from kafka import KafkaAdminClient

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from agents.kafka import topics
from agents.kafka.connection import admin
from agents.supervise.ports import LOOPBACK
from schemas.outputs.records import FanScore
from tests.agents.serve.outputs import flag, score
from tests.integration.serve.asking import SOON_S, fan, get, ids, metric, seq
from tests.integration.serve.outputs import Writer
from tests.support.installation import Installation
from tests.support.processes import Processes, Running, until

NOTICED_S = 60.0  # the topics' ids are asked for every half a minute


def test_a_restart_continues_from_the_applied_offsets(processes: Processes, writer: Writer) -> None:
    writer.write(*(score(f"fan-{n}", 1) for n in range(500)))
    serve = processes.serve()
    assert metric(serve, "fanpulse_serve_rebuilds_total") == 1
    serve.terminate()
    writer.write(score("fan-7", 2), score("late", 1))
    serve.start()
    serve.wait_ready()
    assert (seq(serve, "fan-7"), seq(serve, "late"), seq(serve, "fan-499")) == (2, 1, 1)
    assert metric(serve, 'fanpulse_serve_records_total{topic="fan-scores"}') == 2
    assert metric(serve, "fanpulse_serve_rebuilds_total") == 0


def test_a_flushed_redis_is_rebuilt_by_every_process_together(
    processes: Processes, writer: Writer, own_valkey: Valkey
) -> None:
    writer.write(*(score(f"fan-{n}", 1) for n in range(400)), flag("fan-1", "f1", "tier", "core"))
    both = [processes.serve(), processes.serve()]
    with socket.create_connection((LOOPBACK, own_valkey.port)) as redis:
        redis.sendall(b"FLUSHALL\r\n")
        assert redis.recv(64) == b"+OK\r\n"
    writer.write(score("later", 1))
    for serve in both:
        until(partial(_is_rebuilt, serve), SOON_S, "rebuilt, with what was written meanwhile")
        assert len(ids(serve, "/brands/miot/top?limit=500", "fans")) == 401
        assert ids(serve, "/brands/miot/flags", "flags") == ["fan-1"]
    assert sum(metric(serve, "fanpulse_serve_rebuilds_total") for serve in both) == 2


def _is_rebuilt(serve: Running) -> bool:
    return get(serve.port, "/readyz")[0] == 200 and seq(serve, "fan-399") == seq(serve, "later") == 1


def test_serve_waits_for_a_redis_that_died_and_fills_it_again(
    processes: Processes, writer: Writer, own_valkey: Valkey
) -> None:
    writer.write(score("a", 1))
    serve = processes.serve()
    own_valkey.stop()
    until(lambda: get(serve.port, "/readyz") == (503, "Redis does not answer\n"), SOON_S, "readiness says so")
    assert get(serve.port, "/livez")[0] == 200
    assert get(serve.port, "/fans/miot/a")[0] == 503
    assert metric(serve, "fanpulse_redis_errors_total") >= 1
    writer.write(score("a", 2))
    own_valkey.start()
    until(lambda: get(serve.port, "/readyz")[0] == 200, SOON_S, "ready again")
    assert seq(serve, "a") == 2


def test_a_redis_that_hangs_keeps_its_data_and_catches_up(
    processes: Processes, writer: Writer, own_valkey: Valkey
) -> None:
    writer.write(score("a", 1))
    serve = processes.serve()
    os.kill(own_valkey.pid, signal.SIGSTOP)
    try:
        writer.write(score("a", 2))
        until(lambda: get(serve.port, "/readyz")[0] == 503, SOON_S, "readiness says so")
    finally:
        os.kill(own_valkey.pid, signal.SIGCONT)
    until(lambda: get(serve.port, "/readyz")[0] == 200 and seq(serve, "a") == 2, SOON_S, "caught up")
    assert metric(serve, "fanpulse_serve_rebuilds_total") == 1


def test_queries_are_answered_while_the_broker_is_down(
    processes: Processes, installation: Installation, kafka: Kafka
) -> None:
    _write(installation, score("a", 1))
    serve = processes.serve()
    page = HTTPConnection(LOOPBACK, serve.port, timeout=30)
    page.request("GET", "/events?brand=miot")
    stream = page.getresponse()
    messages = (json.loads(line[6:]) for line in iter(stream.readline, b"") if line.startswith(b"data: "))
    problems = (message["status"]["problem"] for message in messages if "status" in message)
    kafka.kill()
    try:
        assert next(problem for problem in problems if problem) == "Kafka does not answer"
        assert (get(serve.port, "/readyz")[0], seq(serve, "a")) == (200, 1)
    finally:
        kafka.start()
    _write(installation, score("a", 2))
    until(lambda: seq(serve, "a") == 2, NOTICED_S, "what was written afterwards")
    assert next(problem for problem in problems if not problem) is None
    page.close()


def _write(installation: Installation, record: FanScore) -> None:
    with Writer(installation.settings()) as writer:  # kafka-python leaks sockets while a broker is away
        writer.write(record)


def test_recreated_topics_are_noticed_while_running_and_after_a_restart(
    processes: Processes, writer: Writer, installation: Installation
) -> None:
    names = installation.settings().names
    writer.write(*(score(f"fan-{n}", 9) for n in range(50)))
    serve = processes.serve()
    serve.terminate()
    with admin(installation.settings()) as client:
        _delete(client, names.fan_scores)
    installation.create_topics()
    # As many records as before: only the topic's id differs.
    writer.write(*(score(f"other-{n}", 1) for n in range(50)), score("fan-1", 1))
    serve.start()
    serve.wait_ready()
    assert (seq(serve, "fan-1"), fan(serve, "fan-2"), seq(serve, "other-49")) == (1, None, 1)
    with admin(installation.settings()) as client:
        _delete(client, names.fan_scores)
    installation.create_topics()
    writer.write(score("fan-3", 1))
    until(lambda: seq(serve, "fan-3") == 1 and fan(serve, "other-49") is None, NOTICED_S, "rebuilt while running")


def _delete(client: KafkaAdminClient, topic: str) -> None:
    client.delete_topics([topic])
    until(lambda: not topics.partition_counts(client, [topic]), SOON_S, "the topic is gone")
