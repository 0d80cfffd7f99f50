"""Which ports are free, asked before anything is started."""

import errno
import random
import socket

LOOPBACK = "127.0.0.1"
# Below what systems give to outgoing connections (Linux: from 32768), or one of those could take a port that we
# chose and do not listen on yet, or that a server leaves for a moment as it restarts.
CHOSEN_FROM = range(20_000, 32_000)


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there now.

    Raises:
        OSError: one could not listen there anyhow (no such address, no permission).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections that wait out their end do not hold a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return distinct ports of the loopback address that nobody listens on.

    >>> len(set(free_ports(3)))
    3
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(CHOSEN_FROM)
        if is_free(LOOPBACK, port):
            found.add(port)
    return list(found)


def free_port(preferred: int = 0) -> int:
    """Return ``preferred`` if nobody listens there, otherwise any free port of the loopback address."""
    return preferred if preferred and is_free(LOOPBACK, preferred) else free_ports(1)[0]


def free_row(count: int) -> int:
    """Return the first of ``count`` consecutive free ports."""
    while True:
        first = free_port()
        if all(is_free(LOOPBACK, first + step) for step in range(count)):
            return first
