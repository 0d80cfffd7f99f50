"""Log lines for people: time, level, where, what; on standard error."""

import logging
import traceback

from agents.settings import Settings

QUIET = (
    "agents.transport",
    "aiokafka",
    "faust",
    "mode",
    "kafka",
    "asyncio",
    "numba",
)  # their warnings still come through


def frames(error: BaseException) -> str:
    """Return where an error came from and its type, without its message: that may hold a fan's words."""
    where = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{where}{type(error).__name__}"


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
