"""Log lines for people: time, level, where, what; on standard error."""

import logging
import traceback

from agents.settings import Settings

QUIET = (
    "agents.transport",
    "agents.worker.monitor",
    "aiokafka",
    "faust",
    "mode",
    "kafka",
    "asyncio",
    "numba",
)  # their warnings still come through, each once in a while
EVERY_S, MOST = 10.0, 1_000


def frames(error: BaseException) -> str:
    """Return where an error came from and its type, without its message: that may hold a fan's words."""
    where = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{where}{type(error).__name__}"


class Seldom(logging.Filter):
    """Lets a library say a thing once in ``EVERY_S``; the next time it also says how often it was said meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], tuple[float, int]] = {}  # what -> when, and how often since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        if not record.name.startswith(QUIET):
            return True
        what = (record.name, str(record.msg))
        at, more = self._told.get(what, (0.0, 0))
        if record.created - at < EVERY_S:
            self._told[what] = at, more + 1
            return False
        if len(self._told) > MOST:  # messages that were put together before they came here are all different
            self._told.clear()
        self._told[what] = record.created, 0
        if more:
            record.msg, record.args = f"{record.getMessage()} (and {more} times more)", ()
        return True


def configure(settings: Settings) -> None:
    """Write log lines of at least FANPULSE_LOG_LEVEL to standard error."""
    logging.basicConfig(
        level=settings.log_level,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    if settings.log_level != "DEBUG":
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        for handler in logging.getLogger().handlers:
            handler.addFilter(Seldom())
