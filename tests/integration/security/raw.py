"""Talk to an HTTP server byte by byte, as no well-behaved client does."""

import socket
import time
from typing import NamedTuple

from agents.supervise.ports import LOOPBACK
from tests.support.processes import Running

TOKEN = "sesame-4b1d-ünlock"
FORM = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded"
QUESTIONS = {
    "a header of 1 MB": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "a line of 1 MB": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
    "10,000 headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "two lengths": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "length and chunks": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length that is none": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    "a bad chunk": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
    "a name that no token is": b"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
}  # fmt: skip


class Answer(NamedTuple):
    """What came back before the server hung up; ``status`` is 0 when nothing was sent."""

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
    received = b""
    try:
        while b"\r\n\r\n" not in received and (more := line.recv(65_536)):
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
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


def metrics_port(serve: Running) -> int:
    return int(serve.environ["FANPULSE_METRICS_PORT"]) + 1


def is_quiet(serve: Running) -> None:
    """Make sure that nothing of all that made the process report an error of its own, and that it answers."""
    assert get(serve.port, "/readyz").status == 200
    assert "Traceback" not in serve.words(2000)
    assert "Error handling request" not in serve.words(2000)
