"""A worker that comes back: how fast it has its fans again, and what a fan takes in memory."""

import os
import time
from typing import NamedTuple

from agents.settings import Settings
from agents.supervise.ports import free_ports
from tests.bench.worker import DEADLINE_S, look, start

LOOK_S = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


class Recovery(NamedTuple):
    """Seconds that the rows took, seconds from the start of the process to ready, and resident bytes a fan."""

    fans: int
    took_s: float
    ready_s: float
    bytes_a_fan: float

    def __str__(self) -> str:
        return (
            f"recovery: {self.fans:,} fans in {self.took_s:.1f} s ({self.fans / self.took_s:,.0f} fans/s), "
            f"ready {self.ready_s:.1f} s after the start; {self.bytes_a_fan:.0f} bytes a fan resident"
        )


def recover(settings: Settings) -> Recovery:
    """Start a worker whose group has fans, and measure it until it has them all.

    The memory is that of the process less what it had before it took over.
    """
    (port,) = free_ports(1)
    began, process, before, seen = time.monotonic(), start(settings, 0, port), 0, look([port])
    try:
        while not seen["recovered"]:
            if time.monotonic() > began + DEADLINE_S or process.poll() is not None:
                raise RuntimeError("no fans came back")
            before = before or (_resident(process.pid) if seen else 0)
            time.sleep(LOOK_S)
            seen = look([port])
        ready = time.monotonic() - began
        found = int(seen["recovered"])
        return Recovery(found, seen["took"], ready, (_resident(process.pid) - before) / found)
    finally:
        process.terminate()
        process.wait(60)


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE
