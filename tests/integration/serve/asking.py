"""HTTP requests to a serve process."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from agents.supervise.ports import LOOPBACK
from tests.support.processes import Running

SOON_S = 15.0


def get(port: int, path: str) -> tuple[int, Any]:
    """Return status and body; a body that is not JSON is text."""
    connection = HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        kind = answer.headers.get_content_type()
        return answer.status, json.loads(body) if kind == "application/json" else body
    finally:
        connection.close()


def fan(serve: Running, name: str) -> dict[str, Any] | None:
    status, body = get(serve.port, f"/fans/miot/{quote(name, safe='')}")
    assert status in {200, 404, 503}, body
    return body if status == 200 else None


def seq(serve: Running, name: str) -> int:
    return int((fan(serve, name) or {"seq": 0})["seq"])


def ids(serve: Running, path: str, field: str) -> list[str]:
    status, body = get(serve.port, path)
    assert status == 200, body
    return [row["fan_id"] for row in body[field]]


def metric(serve: Running, name: str) -> float:
    text = get(int(serve.environ["FANPULSE_METRICS_PORT"]) + 1, "/metrics")[1]
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))
