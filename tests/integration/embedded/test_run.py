"""`fanpulse run`: everything up, watched, and gone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import PREFIX
from agents.supervise.ready import is_ready
from tests.support.processes import until

UP_S, DOWN_S = 180.0, 30.0


def members(data: Path) -> dict[str, int]:
    """Return the processes whose command or working directory lies in a run, by name."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            environ = (process / "environ").read_bytes().decode(errors="replace").split("\0")
            cwd = (process / "cwd").readlink()
        except (OSError, NotADirectoryError):
            continue
        if f"{PREFIX}DATA_DIR={data}" in environ or cwd.is_relative_to(data):
            name = next((part for part in command if part in {"run", "worker", "serve", "simulate"}), "server")
            found[f"{name} {process.name}"] = int(process.name)
    return found


class Run:
    """A `fanpulse run` in a directory; what it prints and says goes into files."""

    def __init__(self, data: Path, *options: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        ours = {"DATA_DIR": str(data), "WEB_PORT": "0", "METRICS_PORT": "0", "PARTITIONS": "2"}
        self.data, self.printed, self.result = data, data.parent / "printed", data.parent / "said"
        with self.printed.open("wb") as printed, self.result.open("wb") as result:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "agents.cli", "run", "--json", *options],
                env=kept | {PREFIX + name: value for name, value in ours.items()},
                cwd=Path(__file__).parents[3],
                stdout=printed,
                stderr=result,
            )

    def addresses(self) -> dict[str, Any]:
        """Wait until it is up, and return what it prints then."""

        def received() -> bool:
            return self.printed.read_text().endswith("\n") or self.process.poll() is not None

        until(received, UP_S, lambda: f"up; its output:\n{self.result.read_text()}")
        printed = self.printed.read_text()
        assert printed, f"it ended; its output:\n{self.result.read_text()}"
        return dict(json.loads(printed))

    def one(self, name: str) -> int:
        """Return the process id of the one process of a name."""
        (pid,) = [pid for known, pid in members(self.data).items() if known.startswith(f"{name} ")]
        return pid

    def end(self, number: int) -> int:
        """Send a signal, and return the exit code once all its processes are gone."""
        self.process.send_signal(number)
        code = self.process.wait(DOWN_S)
        until(lambda: not members(self.data), 5, lambda: f"gone: {members(self.data)}")
        return code


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Return what starts a run, every time in the same directory; nothing is left of it."""
    started: list[Run] = []

    def begin(*options: str) -> Run:
        started.append(Run(tmp_path / "data", *options))
        return started[-1]

    yield begin
    for run in started:
        run.process.kill()
        run.process.wait()


def port_of(url: str) -> int:
    return int(url.split(":")[2].partition("/")[0])


def test_all_is_up_comes_back_and_stops(start: Callable[..., Run]) -> None:
    run = start("--rate", "20", "--workers", "2")
    addresses = run.addresses()
    assert addresses["demo_rate"] == 20
    assert list(addresses["metrics"]) == ["worker-0", "worker-1", "serve"]
    ports = [port_of(url) for url in (addresses["page"], *addresses["metrics"].values())]
    assert all(is_ready("127.0.0.1", port) for port in ports)

    first = run.one("serve")
    os.kill(first, signal.SIGKILL)
    until(lambda: "serve is started again" in run.result.read_text(), 30, "serve is started again")
    until(lambda: is_ready("127.0.0.1", ports[0]), 60, "the page is back")
    assert run.one("serve") != first

    assert run.end(signal.SIGTERM) == 0
    assert run.result.read_text().splitlines()[-2:] == ["stopping", "stopped"]


def test_ctrl_c_stops_it_and_the_next_run_goes_on(start: Callable[..., Run]) -> None:
    first = start("--no-demo")
    assert first.addresses()["demo_rate"] is None
    assert first.end(signal.SIGINT) == 0
    assert "created" in first.result.read_text()
    second = start("--no-demo")
    second.addresses()
    assert "created" not in second.result.read_text()
    # Killed, it can do nothing any more: the kernel ends its processes.
    assert second.end(signal.SIGKILL) == -signal.SIGKILL
