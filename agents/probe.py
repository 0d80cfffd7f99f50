"""Asks a server over a plain socket, without a client library, whether it is ready."""

import socket
import struct

PROBE_TIMEOUT_S = 2.0
METADATA, PROBE_VERSION, CORRELATION = 3, 1, 7


def kafka_answers(host: str, port: int) -> bool:
    """Whether a broker answers a Metadata request (v1, no topics) and knows of itself."""
    body = struct.pack(">hhih", METADATA, PROBE_VERSION, CORRELATION, -1) + struct.pack(">i", 0)
    answer = _ask(host, port, struct.pack(">i", len(body)) + body, 12)
    if len(answer) < 12:
        return False
    _, correlation, brokers = struct.unpack(">iii", answer)
    return bool(correlation == CORRELATION and brokers > 0)


def redis_answers(host: str, port: int) -> bool:
    """Whether a Redis or Valkey answers PING; that it wants a password is an answer too."""
    return _ask(host, port, b"PING\r\n", 5) in {b"+PONG", b"-NOAU"}


def _ask(host: str, port: int, question: bytes, size: int) -> bytes:
    """Return the first ``size`` bytes of an answer, fewer when there is none."""
    answer = b""
    try:
        with socket.create_connection((host, port), PROBE_TIMEOUT_S) as line:
            line.sendall(question)
            while len(answer) < size and (more := line.recv(size - len(answer))):
                answer += more
    except OSError:
        return b""
    return answer
