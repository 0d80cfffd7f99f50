"""`fanpulse` commands as processes of their own: started, waited for, killed and started again."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from agents.supervise.child import Child
from agents.supervise.ports import LOOPBACK, free_port, free_row
from agents.supervise.ready import is_ready
from tests.support.installation import Installation

READY_S = 90.0  # on a busy machine that compiles the kernels as well
STOP_S = 15.0
EVERY_S = 0.05
COMMAND = ("agents.cli",)
FAULTY = ("tests.support.faults",)  # the same, with the faults that TEST_* settings name


def until(holds: Callable[[], bool], seconds: float, what: Callable[[], str] | str) -> float:
    """Return how long it took until ``holds``; fail with ``what`` when the time is over."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(EVERY_S)
    return time.monotonic() - began


class Running:
    """A module of Python with its arguments; ``port`` is where it answers /readyz, 0 if it does not."""

    def __init__(self, name: str, words: list[str], environ: Mapping[str, str], log: Path, port: int = 0) -> None:
        self.name, self.port, self.log = name, port, log
        self.environ = {**environ, "PYTHONUNBUFFERED": "1"}
        self._command = [sys.executable, "-m", *words]
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        assert self._child is not None, f"{self.name} was not started"
        return self._child

    @property
    def pid(self) -> int:
        return self.child.pid

    def start(self, **settings: object) -> None:
        """Start it, and do not wait; ``settings`` (FANPULSE_ is added) change from now on."""
        self.environ |= {f"FANPULSE_{name}": str(value) for name, value in settings.items()}
        self._child = Child(self.name, self._command, self.log, environ=self.environ)
        self._child.start()

    def wait_ready(self, seconds: float = READY_S) -> float:
        """Return how long it took until it was ready; fail with its log if it ends or takes too long."""

        def until_true() -> bool:
            return is_ready(LOOPBACK, self.port) or not self.child.is_running

        took = until(until_true, seconds, lambda: f"{self.name} ready; its log ends:\n{self.words()}")
        assert self.child.is_running, f"{self.name} ended with {self.child.poll()}; its log ends:\n{self.words()}"
        return took

    def wait_end(self, seconds: float = STOP_S) -> int:
        """Return its exit code (negative: the signal) once it ended by itself."""
        until(lambda: not self.child.is_running, seconds, lambda: f"{self.name} ended; its log ends:\n{self.words()}")
        code = self.child.poll()
        assert code is not None
        return code

    def kill(self) -> None:
        """SIGKILL."""
        self.child.kill()

    def terminate(self) -> int:
        """SIGTERM; return the exit code, which must come by itself."""
        self.child.terminate()
        return self.wait_end()

    def restart(self) -> float:
        """Terminate it, start it, and return how long it took until it was ready."""
        self.terminate()
        self.start()
        return self.wait_ready()

    def freeze(self) -> None:
        """SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        """Make sure that it is gone."""
        if self._child is not None:
            self._child.stop(0 if not self._child.is_running else STOP_S)

    def words(self, lines: int = 60) -> str:
        """Return the last lines of its log, of all its runs."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Processes:
    """The processes of one installation; all are ended when the test is over."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.all: list[Running] = []

    def worker(
        self, number: int = 0, *, ready: bool = True, module: tuple[str, ...] = COMMAND, **settings: object
    ) -> Running:
        """Start worker ``number``; wait until it is ready, unless asked otherwise."""
        own = {"METRICS_PORT": free_port(), "INSTANCE_ID": f"worker-{number}", **settings}
        return self._start(f"worker-{number}", [*module, "worker"], own, int(str(own["METRICS_PORT"])), ready=ready)

    def serve(self, *, ready: bool = True, **settings: object) -> Running:
        """Start the serve process; its ``port`` is the page's, its metrics are on METRICS_PORT + 1."""
        own = {"METRICS_PORT": free_row(2), "WEB_PORT": free_port(), **settings}
        return self._start("serve", [*COMMAND, "serve"], own, int(str(own["WEB_PORT"])), ready=ready)

    def command(self, *arguments: str, **settings: object) -> Running:
        """Start any other command, and do not wait."""
        return self._start(arguments[0], [*COMMAND, *arguments], settings, 0, ready=False)

    def end(self) -> None:
        """End them all."""
        for running in self.all:
            if running._child is not None:
                running.child.terminate()
        for running in self.all:
            running.end()

    def _start(self, name: str, words: list[str], settings: Mapping[str, object], port: int, *, ready: bool) -> Running:
        log = self.installation.directory / f"{name}-{len(self.all)}.log"
        running = Running(name, words, self.installation.environ(**settings), log, port)
        self.all.append(running)
        running.start()
        if ready:
            running.wait_ready()
        return running
