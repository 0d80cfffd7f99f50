"""A worker that is caught up, at a steady rate: latency, its share of a core, the longest stall of its event loop."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from agents.kafka.topics import create
from agents.settings import Settings
from agents.supervise.ports import LOOPBACK, free_ports
from agents.supervise.ready import is_ready
from tests.bench.changelog import FIRST, write_changelog
from tests.bench.latency import measure
from tests.bench.worker import cpu_seconds, look, start

SECONDS, WARM_S = 20.0, 10.0
READY_S, LOOK_S = 300.0, 0.1
HEARTBEAT_S = 0.5  # after which the worker measures its event loop again; each look costs it some ms


def steady(settings: Settings, rate: int, fans: int = 0, staff: int = 0) -> str:
    """Return in words what a reader of flags sees at so many events a second, and what that costs.

    Args:
        settings: of an installation that nobody used.
        rate: events/s.
        fans: that are restored before.
        staff: fan ids that the parameter file names.
    """
    create(settings)
    if fans:
        write_changelog(settings, fans)
    if staff:
        settings = structs.replace(settings, params=str(name_staff(settings, staff)))
    (port,) = free_ports(1)
    process = start(settings, 0, port)
    try:
        deadline = time.monotonic() + READY_S
        while not is_ready(LOOPBACK, port):
            assert process.poll() is None, f"the worker ended with {process.poll()}"
            assert time.monotonic() < deadline, f"the worker is not ready after {READY_S:g} s"
            time.sleep(LOOK_S)
        restored = look([port])["restored"]
        cpu, began = cpu_seconds([process.pid]), time.monotonic()
        with watched_loop(port) as stalls:
            latency = measure(settings, rate=rate, seconds=SECONDS, warm_s=WARM_S)
        share = (cpu_seconds([process.pid]) - cpu) / (time.monotonic() - began)
    finally:
        process.terminate()
        process.wait(30)
    return (
        f"{latency}; worker at {share:.0%} of a core, longest stall of its event loop {max(stalls) * 1000:.0f} ms; "
        f"{restored:,.0f} fans restored before, {staff} staff named"
    )


def name_staff(settings: Settings, staff: int) -> Path:
    """Write a parameter file that names fans as staff who do nothing here, and return its path."""
    path = settings.data / "staff.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ", ".join(f'"staff-{FIRST + n}"' for n in range(staff))
    path.write_text(f"[brands.miot]\nstaff = [{names}]\n", encoding="utf-8")
    return path


@contextmanager
def watched_loop(port: int) -> Iterator[list[float]]:
    """Collect how late the worker's event loop was, in seconds, while the block lasts."""
    seen, over = [0.0], threading.Event()

    def run() -> None:
        while not over.wait(HEARTBEAT_S):
            seen.append(look([port])["loop lag"])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
