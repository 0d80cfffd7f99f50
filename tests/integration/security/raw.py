"""Talk to an HTTP server byte by byte, as no well-behaved client does."""

import socket
import time
from typing import NamedTuple

from agents.supervise.ports import LOOPBACK


class Answer(NamedTuple):
    """What came back before the server hung up; ``status`` is 0 when it said nothing."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, question: bytes, within: float = 20.0) -> Answer:
    """Send bytes, and return the first answer; the server must answer or hang up in time."""
    with socket.create_connection((LOOPBACK, port), within) as line:
        try:
            line.sendall(question)
        except ConnectionError:
            return Answer(0, {}, b"")
        return answer(line, within)


def answer(line: socket.socket, within: float = 20.0) -> Answer:
    """Return the answer that comes over a connection; one without a head is as good as none."""
    line.settimeout(within)
    came = b""
    try:
        while b"\r\n\r\n" not in came and (more := line.recv(65_536)):
            came += more
        head, _, body = came.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        while len(body) < int(headers.get("content-length", "0")) and (more := line.recv(65_536)):
            body += more
    except ConnectionError:
        return Answer(0, {}, b"")
    return Answer(int(status.split()[1]) if status.startswith("HTTP/") else 0, headers, body)


def get(port: int, path: str | bytes, *headers: bytes, close: bool = True) -> Answer:
    """Ask for a path, sent as it is."""
    target = path.encode() if isinstance(path, str) else path
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: fanpulse", *headers]
    return ask(port, b"\r\n".join([*lines, *[b"Connection: close"] * close, b"", b""]))


def hung_up(line: socket.socket, within: float) -> float:
    """Return after how many seconds the server hangs up; fail if it does not."""
    began = time.monotonic()
    line.settimeout(within)
    try:
        while line.recv(65_536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began
