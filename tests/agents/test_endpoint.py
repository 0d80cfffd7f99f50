"""Claims about the metrics port."""

import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from agents.endpoint import Endpoint
from agents.errors import Exit, PortTakenError

wrong: dict[str, str | None] = {}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    registry = CollectorRegistry()
    Counter("fanpulse_things", "Things that happened.", registry=registry).inc(3)
    wrong.update(live=None, ready="redis does not answer")
    endpoint = Endpoint(registry, "127.0.0.1", 0, live=lambda: wrong["live"], ready=lambda: wrong["ready"])
    endpoint.start()
    yield endpoint
    endpoint.stop()


def get(endpoint: Endpoint, path: str, accept: str = "") -> tuple[int, str, str]:
    request = Request(f"http://127.0.0.1:{endpoint.port}{path}", headers={"Accept": accept})
    try:
        with urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_metrics_are_plain_text_by_default_and_openmetrics_when_asked_for(endpoint: Endpoint) -> None:
    status, kind, text = get(endpoint, "/metrics")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert "fanpulse_things_total 3.0" in text
    _, kind, text = get(endpoint, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_probes_say_what_is_wrong_as_it_is_now(endpoint: Endpoint) -> None:
    assert get(endpoint, "/livez")[::2] == (200, "ok\n")
    assert get(endpoint, "/readyz")[::2] == (503, "redis does not answer\n")
    wrong.update(live="the event loop is blocked", ready=None)
    assert get(endpoint, "/livez")[::2] == (503, "the event loop is blocked\n")
    assert get(endpoint, "/readyz")[::2] == (200, "ok\n")


def test_other_paths_are_not_found(endpoint: Endpoint) -> None:
    assert get(endpoint, "/table")[0] == 404


def test_a_silent_client_delays_neither_others_nor_the_stop(endpoint: Endpoint) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port)):
        assert get(endpoint, "/livez")[0] == 200
        endpoint.stop()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", endpoint.port), timeout=1)


def test_a_taken_port_is_told_in_one_sentence_before_anything_starts(endpoint: Endpoint) -> None:
    with pytest.raises(PortTakenError, match=f"port {endpoint.port} .* FANPULSE_METRICS_PORT") as error:
        Endpoint(CollectorRegistry(), "127.0.0.1", endpoint.port)
    assert error.value.code == Exit.PORT_TAKEN
