"""Log lines for people: time, level, where, what; on standard error."""

import logging
import traceback

from agents.settings import Settings

QUIET_LOGGERS = (
    "agents.transport",
    "agents.worker.monitor",
    "aiokafka",
    "faust",
    "mode",
    "kafka",
    "asyncio",
    "numba",
)  # their warnings still come through, each once in a while
REPEAT_EVERY_S, MAX_MESSAGES = 10.0, 1_000


def frames(error: BaseException) -> str:
    """Return where an error came from and its type, without its message: that may hold a fan's words."""
    where = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{where}{type(error).__name__}"


class Seldom(logging.Filter):
    """Lets a library log a message once in ``REPEAT_EVERY_S``; the next one says how many were dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._logged: dict[tuple[str, str], tuple[float, int]] = {}  # what -> when, and how often since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        if not record.name.startswith(QUIET_LOGGERS):
            return True
        what = (record.name, str(record.msg))
        at, more = self._logged.get(what, (0.0, 0))
        if record.created - at < REPEAT_EVERY_S:
            self._logged[what] = at, more + 1
            return False
        if len(self._logged) > MAX_MESSAGES:  # messages that were put together before they came here are all different
            self._logged.clear()
        self._logged[what] = record.created, 0
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
        for name in QUIET_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        for handler in logging.getLogger().handlers:
            handler.addFilter(Seldom())
