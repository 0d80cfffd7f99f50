"""A child process that cannot outlive us: deaf to the terminal's Ctrl-C, its output in a file, its end bounded."""

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
LOG_LIMIT_BYTES = 20_000_000  # a longer log is set aside when its process starts again
REAP_S = 5.0  # after SIGKILL; longer means that the kernel itself holds the process


class Child:
    """One command, which can be started again after it ended.

    Start it from a thread that stays: Linux ends the child with the *thread* that started it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.environ = dict(os.environ if environ is None else environ)
        self.cwd = cwd
        self._running: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._owner = 0

    def start(self, pass_fds: Sequence[int] = ()) -> None:
        """Start the command; its output is appended to the log file, ``pass_fds`` stay open in it.

        Raises:
            RuntimeError: it runs already.
            OSError: the command is not there.
        """
        if self.is_running:
            raise RuntimeError(f"{self.name} runs already")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        with self.log.open("ab") as out:
            self._log_start = out.tell()
            self._running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environ,
                cwd=self.cwd,
                pass_fds=pass_fds,
                # A session of its own: Ctrl-C reaches us alone, and we stop the parts in their order.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - one system call, bound before the fork
            )
        self._owner = os.getpid()
        _STARTED.add(self)

    @property
    def pid(self) -> int:
        """The process id of the present or last run; 0 when it was never started."""
        return 0 if self._running is None else self._running.pid

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal), or None while it runs or was never started."""
        return None if self._running is None else self._running.poll()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._running is not None and self._running.poll() is None

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), and do not wait."""
        if self._running is not None:
            self._running.terminate()

    @property
    def is_ours(self) -> bool:
        """Whether this process started it; a fork of us has the object too, and no business with the child."""
        return self._owner == os.getpid()

    def kill(self) -> None:
        """End it and what it started, now (SIGKILL)."""
        if self._running is None:
            return
        if self.is_running:
            # The session id is the child's own; a frozen process dies of SIGKILL too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._running.wait(REAP_S)
        _STARTED.discard(self)

    def stop(self, grace: float) -> int | None:
        """End it: SIGTERM, after ``grace`` seconds SIGKILL. Return its exit code, None if it never ran."""
        if self._running is None:
            return None
        self.terminate()
        try:
            self._running.wait(grace)
            _STARTED.discard(self)
        except subprocess.TimeoutExpired:
            self.kill()
        return self._running.poll()

    def last_words(self, lines: int = 10) -> str:
        """Return the last lines that this run wrote to its log, without the frames of Java's stack traces."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, end - 100_000))
            lines_read = log.read().decode(errors="replace").splitlines()
        return "\n".join([line for line in lines_read if not line.startswith("\tat ")][-lines:])


_STARTED: set[Child] = set()  # an object that is lost must not lose its process


@atexit.register
def _end_all() -> None:
    """Kill what is left; the last net, for a program that ends without stopping its parts."""
    for child in [child for child in _STARTED if child.is_ours]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.kill()


def _die_with(parent: int) -> Callable[[], None] | None:
    """Return what a fresh child calls to be killed when its parent is, even by SIGKILL; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)

    return bind
