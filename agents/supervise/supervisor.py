"""Watch processes: start again what ended, later each time, and give up where starting again cannot help."""

import logging
import signal
from collections.abc import Callable
from typing import Protocol

from agents.errors import ConfigError, Exit, FanpulseError, PortTakenError

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
STEADY_S = 60.0  # who ran that long starts again without a history

# Another start would end the same way.
FINAL: dict[int, type[FanpulseError]] = {
    Exit.USAGE: ConfigError,
    Exit.CONFIG: ConfigError,
    Exit.PORT_TAKEN: PortTakenError,
}


class ProcessSpec(Protocol):
    """What can be watched: a child process, an embedded server."""

    name: str

    def start(self) -> None:
        """Start it, again if need be."""

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""

    def last_words(self) -> str:
        """Return the last lines that it wrote."""


class Watched:
    """A part and its history; ``due`` is when it starts again, None while it runs."""

    def __init__(self, part: ProcessSpec, started: float, *, may_end: bool) -> None:
        self.part = part
        self.may_end = may_end
        self.started = started
        self.due: float | None = None
        self.failures = 0


class Supervisor:
    """Parts that must run. Nothing happens by itself: call ``look`` a few times a second.

    Args:
        report: gets one sentence about each end and each new start.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._watched: list[Watched] = []

    def watch(self, part: ProcessSpec, now: float, *, may_end: bool = False) -> None:
        """Watch a part that was just started; one that ``may_end`` is done when its exit code is 0."""
        self._watched.append(Watched(part, now, may_end=may_end))

    def look(self, now: float) -> None:
        """See who ended, and start whoever is due.

        Raises:
            ConfigError, PortTakenError: a part ended with that exit code.
        """
        for watched in list(self._watched):
            if watched.due is not None:
                if now >= watched.due:
                    self._start_again(watched, now)
            elif (code := watched.part.poll()) is not None:
                self._ended(watched, code, now)

    def _ended(self, watched: Watched, code: int, now: float) -> None:
        name, output = watched.part.name, last_line(watched.part.last_words())
        if code in FINAL:
            raise FINAL[code](f"{name}: {output or reason(code)}")
        if watched.may_end and code == Exit.OK:
            self._watched.remove(watched)
            self._report(f"{name} has ended")
            return
        if now - watched.started >= STEADY_S:
            watched.failures = 0
        self._postpone(watched, now, f"{name} ended ({reason(code)}{': ' + output if output else ''})")

    def _start_again(self, watched: Watched, now: float) -> None:
        try:
            watched.part.start()
        except FanpulseError as error:
            self._postpone(watched, now, f"{watched.part.name} does not start: {last_line(str(error))}")
        else:
            watched.started, watched.due = now, None
            self._report(f"{watched.part.name} is started again")

    def _postpone(self, watched: Watched, now: float, why: str) -> None:
        wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**watched.failures)
        watched.failures += 1
        watched.due = now + wait
        self._report(f"{why}; starting it again in {wait:g} s")


def reason(code: int) -> str:
    """Say an exit code in words.

    >>> reason(-9), reason(70), reason(1)
    ('SIGKILL', 'fail-stop, exit code 70', 'exit code 1')
    """
    if code < 0:
        return signal.Signals(-code).name
    return f"fail-stop, exit code {code}" if code == Exit.FAIL_STOP else f"exit code {code}"


def last_line(output: str) -> str:
    r"""Return the last line that says something, without the program's name before it.

    >>> last_line("INFO all is well\nfanpulse: the broker is gone\n\n")
    'the broker is gone'
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1].removeprefix("fanpulse: ") if lines else ""
