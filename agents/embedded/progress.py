"""Progress of a fetch: a bar on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console

PLAIN_EVERY = 10  # jars per line


class DownloadProgress:
    """Shows on standard error how far a fetch has come."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._console = Console(stderr=True, highlight=False)
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[megabytes]:.0f} MB"),
            progress.TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(f"resolving {what}", total=None, megabytes=0.0)
        self._total = self._done = self._bytes = 0

    def __enter__(self) -> Self:
        self._bar.start()
        self._say(f"fetching {self._what} (once; then it is cached)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, total: int) -> None:
        """Tell how many files there are."""
        self._total = total
        self._bar.update(self._task, description=f"fetching {self._what}", total=total)

    def advance(self, size_bytes: int) -> None:
        """Count a file that has arrived."""
        self._done += 1
        self._bytes += size_bytes
        self._bar.update(self._task, completed=self._done, megabytes=self._bytes / 1e6)
        if self._done % PLAIN_EVERY == 0 or self._done == self._total:
            self._say(f"fetched {self._done} of {self._total} jars, {self._bytes / 1e6:.0f} MB")

    def _say(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line)
