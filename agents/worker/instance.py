"""Who this worker is over its restarts: a name that no other worker has at the same time."""

import fcntl
import logging
from pathlib import Path
from typing import IO

from agents.errors import ConfigError
from agents.settings import Settings, host

log = logging.getLogger(__name__)

SLOTS = 1000


class Instance:
    """A static member's name, held by a locked file until the process ends."""

    def __init__(self, name: str, file: IO[str]) -> None:
        self.name, self._file = name, file

    @classmethod
    def lock(cls, settings: Settings) -> "Instance":
        """Lock FANPULSE_INSTANCE_ID, or the host's name with the first free slot of the data directory.

        Raises:
            ConfigError: another worker on this machine has the name, or the directory cannot be written.
        """
        folder = settings.data / "workers" / settings.group
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if settings.instance_id:
                return cls(settings.instance_id, cls._locked(folder / f"{settings.instance_id}.lock"))
            for slot in range(SLOTS):
                name = f"{host()}-{slot}"
                try:
                    return cls(name, cls._locked(folder / f"{name}.lock"))
                except BlockingIOError:
                    continue
        except BlockingIOError:
            raise ConfigError(
                f"a worker named {settings.instance_id!r} of group {settings.group!r} runs already "
                f"(FANPULSE_INSTANCE_ID, {folder})"
            ) from None
        except OSError as error:
            raise ConfigError(f"data directory {folder}: {error.strerror} (FANPULSE_DATA_DIR)") from None
        raise ConfigError(f"all {SLOTS} worker slots of {folder} are taken")

    def close(self) -> None:
        """Give the name back; the end of the process does so too."""
        self._file.close()

    @staticmethod
    def _locked(path: Path) -> IO[str]:
        file = path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise
        return file
