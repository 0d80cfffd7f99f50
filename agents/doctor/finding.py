"""One line of the doctor's report."""

from enum import StrEnum

from msgspec import Struct


class CheckState(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Struct, frozen=True):
    """What was checked, what was found, and what to do if something is wrong."""

    check: str
    state: CheckState
    message: str
    remedy: str = ""
