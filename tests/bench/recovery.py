"""A worker that comes back: how fast it has its fans again, what a fan takes in memory, and what idling costs."""

import os
import time
from pathlib import Path
from typing import NamedTuple

from agents.settings import Settings
from agents.supervise.ports import free_ports
from tests.bench.worker import DEADLINE_S, cpu_seconds, look, start

LOOK_S = 0.1
IDLE_WAIT_S, IDLE_S = 5.0, 20.0  # until it is quiet, and how long that is watched
PAGE = os.sysconf("SC_PAGE_SIZE")


class Recovery(NamedTuple):
    """Seconds that the restore took, seconds from the start of the process to ready, resident bytes a fan, idle CPU."""

    fans: int
    took_s: float
    ready_s: float
    bytes_a_fan: float
    idle_share: float

    def __str__(self) -> str:
        return (
            f"{self.fans:,} fans in {self.took_s:.1f} s ({self.fans / self.took_s:,.0f} fans/s), "
            f"ready {self.ready_s:.1f} s after the start; {self.bytes_a_fan:.0f} bytes a fan resident; "
            f"idle at {self.idle_share:.1%} of a core"
        )


def recover(settings: Settings) -> Recovery:
    """Start a worker whose group has fans, measure it until it has them all, and then while nothing happens.

    The memory is that of the process less what it had before it restored.
    """
    (port,) = free_ports(1)
    began, process, before, seen = time.monotonic(), start(settings, 0, port), 0, look([port])
    try:
        while not seen["restored"]:
            if time.monotonic() > began + DEADLINE_S or process.poll() is not None:
                raise RuntimeError("no fans came back")
            before = before or (_resident(process.pid) if seen else 0)
            time.sleep(LOOK_S)
            seen = look([port])
        ready = time.monotonic() - began
        found = int(seen["restored"])
        resident = _resident(process.pid)
        return Recovery(found, seen["took"], ready, (resident - before) / found, idle_share(process.pid))
    finally:
        process.terminate()
        process.wait(60)


def idle_share(pid: int) -> float:
    """Return the share of a core that a process takes while no events come."""
    time.sleep(IDLE_WAIT_S)
    began, cpu = time.monotonic(), cpu_seconds([pid])
    time.sleep(IDLE_S)
    return (cpu_seconds([pid]) - cpu) / (time.monotonic() - began)


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
