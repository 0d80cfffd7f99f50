"""Our worker on a backlog: from its first event to the last one committed."""

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from agents.settings import Settings
from agents.supervise.ports import free_ports

DEADLINE_S = 600.0
LOOK_S = 0.2
TICKS = os.sysconf("SC_CLK_TCK")


class Result(NamedTuple):
    """Events a second over the wall clock, and CPU time an event."""

    name: str
    per_s: float
    cpu_us: float
    more: dict[str, float] = {}  # noqa: RUF012  never changed


def run_workers(settings: Settings, events: int, workers: int, broker: int) -> Result:
    """Return the figures of N workers that share the backlog; ``broker`` is the process id of theirs."""
    ports = free_ports(workers)
    processes = [start(settings, i, port) for i, port in enumerate(ports)]
    try:
        return _measure(processes, ports, events, broker)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def start(settings: Settings, number: int, port: int) -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in settings.shown().items() if value}
    environ |= {"FANPULSE_METRICS_PORT": str(port), "FANPULSE_INSTANCE_ID": f"bench-{number}"}
    command = [sys.executable, "-m", "agents.cli", "worker"]
    return subprocess.Popen(command, env=os.environ | environ | {"FANPULSE_LOG_LEVEL": "WARNING"})


def _measure(processes: list[subprocess.Popen[bytes]], ports: list[int], events: int, broker: int) -> Result:
    deadline = time.monotonic() + DEADLINE_S
    pids, began, cpu, others = [process.pid for process in processes], 0.0, 0.0, 0.0
    seen = defaultdict[str, float](float)
    while seen["durable"] < events:
        if time.monotonic() > deadline or any(process.poll() is not None for process in processes):
            sys.exit(f"the workers stopped at {seen['durable']:.0f} of {events} events")
        if not began:
            cpu, others = cpu_seconds(pids), cpu_seconds([broker])
        now = time.monotonic()
        seen = look(ports)
        if seen["applied"] and not began:
            began = now
        # each look costs the worker 10 ms, so it is left alone in the middle
        time.sleep(LOOK_S if not began or seen["durable"] > 0.75 * events else 5 * LOOK_S)
    took, cpu, others = time.monotonic() - began, cpu_seconds(pids) - cpu, cpu_seconds([broker]) - others
    stages = {name: seen[name] / events * 1e6 for name in ("decode", "fold", "write", "commit")}
    per_event = {f"{name} an event": seen[name] / events for name in ("changelog records", "published")}
    more = {f"{name} us an event": value for name, value in stages.items()} | per_event
    more["broker us an event"] = others / events * 1e6
    return Result(f"fanpulse, {len(processes)} worker(s)", events / took, cpu / events * 1e6, more)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the seconds of CPU that the processes have used."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def look(ports: list[int]) -> defaultdict[str, float]:
    """Return what the workers' metrics say; ``durable`` counts events whose score has been committed."""
    seen: defaultdict[str, float] = defaultdict(float)
    for port in ports:
        for family in text_string_to_metric_families(_get(port)):
            for sample in family.samples:
                seen[_place(sample)] += sample.value
    return seen


def _get(port: int) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def _place(sample: Any) -> str:  # noqa: PLR0911
    match sample.name:
        case "fanpulse_events_total" if sample.labels["topic"] != "attribution":
            return "applied" if sample.labels["outcome"] in {"applied", "late"} else "refused"
        case "fanpulse_end_to_end_latency_seconds_bucket" if sample.labels["le"] == "+Inf":
            return "durable"
        case "fanpulse_batch_duration_seconds_sum":
            return str(sample.labels["stage"])
        case "fanpulse_changelog_records_total":
            return "changelog records"
        case "fanpulse_published_records_total":
            return "published"
        case "fanpulse_event_loop_lag_seconds":
            return "loop lag"
        case "fanpulse_restored_fans":
            return "restored"
        case "fanpulse_restore_seconds":
            return "took"
        case _:
            return ""
