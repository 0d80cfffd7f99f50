"""Claims about the page's stream of updates, and about starting and stopping."""

import json
import socket
import time
from http.client import HTTPConnection

from agents.errors import Exit
from agents.supervise.ports import LOOPBACK, free_port
from tests.agents.serve.outputs import flag, score
from tests.integration.serve.outputs import Writer
from tests.support.processes import Processes


def test_an_open_page_does_not_hold_up_a_stop(processes: Processes, writer: Writer) -> None:
    writer.write(score("a", 1))
    serve = processes.serve()
    page = HTTPConnection(LOOPBACK, serve.port, timeout=10)
    page.request("GET", "/events?brand=miot")
    stream = page.getresponse()
    assert stream.headers.get_content_type() == "text/event-stream"
    assert stream.readline() == b"retry: 1000\n"
    first = json.loads(stream.readline().removeprefix(b"data: "))
    assert [row["fan_id"] for row in first["top"]] == ["a"]
    began = time.monotonic()
    assert serve.terminate() == Exit.OK
    assert time.monotonic() - began < 2.0
    assert stream.read() is not None  # the stream was ended, not cut
    page.close()


def test_the_stream_sends_everything_once_and_then_only_what_changed(processes: Processes, writer: Writer) -> None:
    writer.write(score("a", 1))
    serve = processes.serve()
    page = HTTPConnection(LOOPBACK, serve.port, timeout=10)
    page.request("GET", "/events?brand=miot")
    stream = page.getresponse()
    messages = (json.loads(line[6:]) for line in iter(stream.readline, b"") if line.startswith(b"data: "))
    first, second, third = next(messages), next(messages), next(messages)
    assert {
        "history",
        "brands",
        "status",
        "top",
        "angry",
        "leaving",
        "back",
        "tier",
        "gainers",
        "gainers_since",
    } <= set(first)
    assert not {"history", "top", "angry", "leaving", "back", "tier", "gainers"} & {*second, *third}
    assert third["now"]["at"] > 0
    writer.write(flag("a", "f1", "negative", "raised", severity=3))
    patch = next(message for message in messages if "angry" in message)
    assert [(row["fan_id"], row["severity"]) for row in patch["angry"]] == [("a", 3)]
    assert "top" not in patch
    page.close()


def test_what_keeps_it_from_starting_is_one_sentence_and_an_exit_code(processes: Processes) -> None:
    def refused(code: Exit, words: str, **settings: object) -> None:
        serve = processes.serve(ready=False, **settings)
        assert serve.wait_end() == code
        assert words in serve.words()
        assert "Traceback" not in serve.words()

    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        refused(Exit.PORT_TAKEN, f"port {port}", WEB_PORT=port)
        refused(Exit.PORT_TAKEN, f"port {port}", METRICS_PORT=port - 1)
    refused(Exit.UNAVAILABLE, "no Kafka broker answers", BROKER=f"{LOOPBACK}:{free_port()}")
    refused(Exit.CONFIG, "topics are missing", TOPIC_PREFIX="nobody-", OUTPUT_PREFIX="nobody-")
    refused(Exit.CONFIG, "FANPULSE_REDIS_URL", REDIS_URL="")
    refused(Exit.CONFIG, "no Redis address", REDIS_URL="http://x")
