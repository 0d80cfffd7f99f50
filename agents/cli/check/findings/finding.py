"""A line of the doctor's report."""

from enum import StrEnum

from msgspec import Struct


class State(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Struct, frozen=True):
    """What was looked at, how it stands, and what to do where it does not."""

    check: str
    state: State
    said: str
    remedy: str = ""
