"""A worker that is caught up, at a steady rate: latency, and its share of a core."""

import time

from agents.kafka.topics import create
from agents.settings import Settings
from agents.supervise.ports import LOOPBACK, free_ports
from agents.supervise.ready import is_ready
from tests.bench.latency import measure
from tests.bench.worker import cpu_seconds, start

SECONDS, WARM_S = 20.0, 10.0
READY_S, LOOK_S = 60.0, 0.1


def steady(settings: Settings, rate: int) -> str:
    """Return in words what a reader of flags sees at so many events a second, and what that costs."""
    create(settings)
    (port,) = free_ports(1)
    process = start(settings, 0, port)
    try:
        deadline = time.monotonic() + READY_S
        while not is_ready(LOOPBACK, port):
            assert time.monotonic() < deadline, f"the worker is not ready after {READY_S:g} s"
            time.sleep(LOOK_S)
        cpu, began = cpu_seconds([process.pid]), time.monotonic()
        latency = measure(settings, rate=rate, seconds=SECONDS, warm_s=WARM_S)
        share = (cpu_seconds([process.pid]) - cpu) / (time.monotonic() - began)
    finally:
        process.terminate()
        process.wait(30)
    return f"{latency}; worker at {share:.0%} of a core"
