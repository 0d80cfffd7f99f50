"""This machine: space on the disk, and ports to listen on."""

import os
import shutil
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

from agents.doctor.finding import CheckState, Finding
from agents.settings import PREFIX, Settings
from agents.supervise.ports import LOOPBACK, is_free

GB = 1_000_000_000
DISK_WARN, DISK_FAIL = 2 * GB, GB // 5
ANSWER_S = 2.0
EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}


def disk(settings: Settings) -> Iterator[Finding]:
    """Check the free space in the data directory, or where it would be created."""
    place = next(path for path in [settings.data, *settings.data.parents] if path.exists())
    free = shutil.disk_usage(place).free
    message = f"{free / GB:.1f} GB free in {settings.data}"
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        yield Finding(
            "disk", CheckState.FAIL, f"{place} cannot be written", "correct FANPULSE_DATA_DIR or its permissions"
        )
    elif free < DISK_WARN:
        state = CheckState.FAIL if free < DISK_FAIL else CheckState.WARN
        yield Finding("disk", state, message, "free some space, or set FANPULSE_DATA_DIR to another disk")
    else:
        yield Finding("disk", CheckState.OK, message)


def ports(settings: Settings) -> Iterator[Finding]:
    """Check that no other program uses the ports of worker and serve; our own processes may."""
    metrics, name = settings.metrics_port, PREFIX + "METRICS_PORT"
    wanted = {metrics: name, metrics + 1: name} if metrics else {}
    wanted |= {settings.web_port: PREFIX + "WEB_PORT"} if settings.web_port else {}
    wrong = [found for port, setting in wanted.items() for found in _port(settings.web_host, port, setting)]
    yield from wrong
    if not wrong:
        message = f"{', '.join(map(str, wanted))}: free, or used by fanpulse" if wanted else "any free ports are used"
        yield Finding("ports", CheckState.OK, message)


def _port(host: str, port: int, setting: str) -> Iterator[Finding]:
    try:
        taken = not is_free(host, port)
    except OSError as error:
        message = f"we cannot listen on {host}, port {port}: {error.strerror or error}"
        yield Finding(
            "ports", CheckState.FAIL, message, f"correct {PREFIX}WEB_HOST, or choose another port with {setting}"
        )
        return
    if taken and not _is_ours(EVERYWHERE.get(host, host), port):
        message = f"port {port} is used by another program"
        yield Finding("ports", CheckState.FAIL, message, f"stop that program, or choose another port with {setting}")


def _is_ours(host: str, port: int) -> bool:
    """Whether one of our own processes answers there."""
    connection = HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/livez")
        return str(connection.getresponse().getheader("Server", "")).startswith("fanpulse")
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
