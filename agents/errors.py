"""What can go wrong at the edge, in words for the person at the screen, each with its exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (``sysexits.h`` where it has a word for it)."""

    OK = 0
    FAILED = 1  # a check found something
    USAGE = 2
    UNAVAILABLE = 69  # broker, Redis or Java not there
    FAIL_STOP = 70  # a worker that could not go on safely; start it again
    PORT_TAKEN = 75
    CONFIG = 78  # settings, parameter file, topics


class FanpulseError(Exception):
    """An error that is shown as one sentence, without a traceback."""

    code = Exit.FAILED


class ConfigError(FanpulseError):
    """Settings, a parameter file or topics are not as they must be."""

    code = Exit.CONFIG


class UnavailableError(FanpulseError):
    """A server that we need does not answer."""

    code = Exit.UNAVAILABLE


class PortTakenError(FanpulseError):
    """Another process listens where we should."""

    code = Exit.PORT_TAKEN


class FailStopError(FanpulseError):
    """Going on could lose or double something: the process ends, and its restart replays."""

    code = Exit.FAIL_STOP
