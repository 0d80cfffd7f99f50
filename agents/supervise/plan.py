"""What `run` starts: which processes, with which settings, on which ports."""

import os
import sys
from collections.abc import Mapping

from msgspec import Struct

from agents.errors import ConfigError, PortTakenError
from agents.settings import PREFIX, Settings, host
from agents.supervise.child import Child
from agents.supervise.ports import LOOPBACK, free_port, free_row, is_free

ANYWHERE = {"", "0.0.0.0", "::"}


class Ports(Struct, frozen=True):
    """Where the processes listen; ``metrics`` of worker 0, of serve, and of further workers, one after the other."""

    web: int
    metrics: tuple[int, ...]

    def of_worker(self, number: int) -> int:
        """Return a worker's metrics port.

        >>> [Ports(8080, (9400, 9401, 9402)).of_worker(number) for number in (0, 1)]
        [9400, 9402]
        """
        return self.metrics[0] if number == 0 else self.metrics[number + 1]


def claim(settings: Settings, workers: int) -> Ports:
    """Return the ports of ``workers`` workers and one serve process, all of them free.

    Raises:
        PortTakenError: another process listens on one of them.
        ConfigError: one cannot listen there, or two would be the same.
    """
    first = settings.metrics_port or free_row(workers + 1)
    ports = Ports(settings.web_port or free_port(), tuple(range(first, first + workers + 1)))
    if ports.metrics[-1] > 65_535 or ports.web in ports.metrics:
        taken = f"{ports.metrics[0]} to {ports.metrics[-1]}"
        raise ConfigError(f"the metrics ports ({taken}) leave none for themselves or for the page ({ports.web})")
    _ask(settings.web_host, ports.web, "WEB_PORT")
    for port in ports.metrics:
        _ask(settings.web_host, port, "METRICS_PORT")
    return ports


def _ask(address: str, port: int, setting: str) -> None:
    try:
        free = is_free(address, port)
    except OSError as error:
        raise ConfigError(f"cannot listen on {address} port {port}: {error.strerror or error}") from None
    if not free:
        raise PortTakenError(f"port {port} is taken by another process; choose another with {PREFIX}{setting}")


def page_host(settings: Settings) -> str:
    """Return where the page is reached from this machine."""
    return LOOPBACK if settings.web_host in ANYWHERE else settings.web_host


def environ(
    settings: Settings, ports: Ports, *, kafka: str | None, redis_url: str | None, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return what the processes read their settings from; ``kafka`` and ``redis_url`` name servers of our own."""
    # On a broker that others use too, "run-0" of two machines would fence each other.
    ours = "run" if kafka is not None else f"{host()}-run"
    given = {
        "INSTANCE_ID": settings.instance_id or ours,
        "DATA_DIR": str(settings.data),
        "WEB_PORT": str(ports.web),
        "METRICS_PORT": str(ports.metrics[0]),
    }
    if kafka is not None:
        given |= {"BROKER": kafka, "KAFKA_SECURITY": "PLAINTEXT", "REPLICATION": "1"}
    if redis_url is not None:
        given["REDIS_URL"] = redis_url
    return {**base, "PYTHONUNBUFFERED": "1", **{PREFIX + name: value for name, value in given.items()}}


def process(settings: Settings, base: Mapping[str, str], name: str, *arguments: str) -> Child:
    """Return one of our own commands as a child process; its output goes to a log file in the data directory."""
    command = [sys.executable, "-m", "agents.cli", *arguments]
    return Child(name, command, settings.data / "logs" / f"{name}.log", environ=base)


def worker(settings: Settings, base: Mapping[str, str], ports: Ports, number: int) -> Child:
    """Return a worker: a static member of its own, so that a restart causes no rebalance.

    ``settings`` are those of ``base``.
    """
    own = {
        PREFIX + "METRICS_PORT": str(ports.of_worker(number)),
        PREFIX + "INSTANCE_ID": f"{settings.instance_id}-{number}",
    }
    return process(settings, {**base, **own}, f"worker-{number}", "worker")
