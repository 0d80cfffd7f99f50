"""The real serve process under clients that take their time, or are many: they use nothing up."""

import contextlib
import socket
import time

import pytest

from agents import endpoint
from agents.http import server
from agents.supervise.ports import LOOPBACK
from tests.integration.security.raw import FORM, QUESTIONS, answer, ask, get, hung_up, is_quiet, metrics_port
from tests.support.processes import Running, until


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", marks=pytest.mark.full),
        pytest.param(b"GET / HT", marks=pytest.mark.full),
        b"GET /brands HTTP/1.1\r\nHost: a\r\n",
    ],
)
def test_who_does_not_come_to_the_point_is_hung_up_on(begun: bytes, served: Running) -> None:
    with socket.create_connection((LOOPBACK, served.port)) as line:
        line.sendall(begun)
        assert hung_up(line, server.REQUEST_TIMEOUT_S + 5) <= server.REQUEST_TIMEOUT_S + 3


def test_who_drips_is_hung_up_on_and_disturbs_nobody(served: Running) -> None:
    """Slowloris: a header line now and then, for as long as one is let."""
    lines = [socket.create_connection((LOOPBACK, served.port)) for _ in range(100)]
    with contextlib.ExitStack() as stack:
        for line in lines:
            stack.enter_context(line)
            line.sendall(b"GET /brands HTTP/1.1\r\n")
        began, alive = time.monotonic(), set(lines)

        def all_closed() -> bool:
            for line in list(alive):
                try:
                    line.sendall(b"X: y\r\n")
                except OSError:
                    alive.discard(line)
            assert get(served.port, "/livez").status == 200
            return not alive

        until(all_closed, server.REQUEST_TIMEOUT_S + 10, lambda: f"{len(alive)} who drip are still connected")
        assert time.monotonic() - began > 1
    is_quiet(served)


def test_a_slow_form_is_given_up(served: Running) -> None:
    with socket.create_connection((LOOPBACK, served.port)) as line:
        line.sendall(FORM + b"\r\nContent-Length: 20\r\n\r\ntok")
        assert answer(line).status == 408


def test_more_clients_than_there_is_room_for_are_told_so_and_make_room_again(served: Running) -> None:
    with contextlib.ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection((LOOPBACK, served.port)))
            for _ in range(server.MAX_CONNECTIONS + 250)
        ]
        statuses = [answer(line, 5).status for line in lines[-40:]]
        assert set(statuses) == {503}
    until(lambda: get(served.port, "/livez").status == 200, 10, "room again")
    is_quiet(served)


def test_the_metrics_port_hangs_up_on_who_drips_and_has_room_for_others(served: Running) -> None:
    port = metrics_port(served)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection((LOOPBACK, port))) for _ in range(endpoint.MAX_CLIENTS)]
        alive = set(lines)

        def all_closed() -> bool:
            for line in list(alive):
                try:
                    line.sendall(b"G")
                except OSError:
                    alive.discard(line)
            return not alive

        until(all_closed, endpoint.WHOLE_S + 5, lambda: f"{len(alive)} are still connected")
        assert get(port, "/metrics").status == 200
    for path in ("/%2e%2e/etc/passwd", "/\x00", b"/\xff", "/" + "a" * 70_000):
        assert get(port, path).status in {400, 404, 414}
    for what in ("a header of 1 MB", "10,000 headers", "no HTTP"):
        assert ask(port, QUESTIONS[what]).status in {0, 400, 414, 431}
    is_quiet(served)
