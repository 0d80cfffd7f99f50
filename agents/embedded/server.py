"""What our own servers have in common: started when they answer, one per directory, ended within seconds."""

import fcntl
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.errors import ConfigError, UnavailableError
from agents.supervise.child import Child

POLL_EVERY_S = 0.05
LOCKED_S = 5.0  # a server that was just killed holds its lock until the kernel has taken it apart


class Server(ABC):
    """A server as a child process. Its port stays the same over restarts.

    Args:
        directory: holds its log, and what else it keeps.
    """

    name: str
    ready_s: float
    stop_s: float

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._child: Child | None = None

    @abstractmethod
    def prepare(self) -> Child:
        """Write what it needs into its directory, and return the process to be."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it answers clients now."""

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / f"{self.name.lower()}.log"

    @property
    def pid(self) -> int:
        """The process id; 0 when it was never started."""
        return 0 if self._child is None else self._child.pid

    def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            UnavailableError: it cannot be had, died, or did not answer in time.
            ConfigError: another one runs in its directory.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        # The server inherits the lock: it holds as long as the server lives, whatever becomes of us.
        with _locked(self.directory / "lock", self.name) as lock:
            self._child = self.prepare()
            self._child.start(pass_fds=(lock,))
        try:
            self._wait(self._child)
        except BaseException:
            self._child.kill()
            raise

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs or was never started."""
        return None if self._child is None else self._child.poll()

    def last_words(self) -> str:
        """Return the last lines of its log."""
        return "" if self._child is None else self._child.last_words()

    def stop(self) -> None:
        """End it cleanly, within seconds."""
        if self._child is not None:
            self._child.stop(self.stop_s)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._child is not None:
            self._child.kill()

    def restart(self) -> None:
        """Stop and start it."""
        self.stop()
        self.start()

    def _wait(self, child: Child) -> None:
        deadline = time.monotonic() + self.ready_s
        while not self.answers():
            if not child.is_running:
                raise UnavailableError(
                    f"{self.name} ended as it started (exit code {child.poll()}); {self._last_output()}"
                )
            if time.monotonic() > deadline:
                raise UnavailableError(f"{self.name} did not answer within {self.ready_s:g} s; {self._last_output()}")
            time.sleep(POLL_EVERY_S)

    def _last_output(self) -> str:
        words = self.last_words()
        return f"its log {self.log} ends:\n{words}" if words else f"its log {self.log} says nothing"


@contextmanager
def _locked(path: Path, name: str) -> Iterator[int]:
    """Hold a directory's lock: two Kafkas on the same records destroy them, and their own lock comes too late."""
    deadline = time.monotonic() + LOCKED_S
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ConfigError(f"another {name} runs in {path.parent}; stop it, or use another one") from None
                time.sleep(POLL_EVERY_S)
        yield lock
    finally:
        os.close(lock)
