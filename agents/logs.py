"""Log lines for people: time, level, where, what; on standard error."""

import logging

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
