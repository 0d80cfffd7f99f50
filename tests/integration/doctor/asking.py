"""Ask the doctor as a person does, and find the one line that a planted fault must have."""

from typing import Any

from tests.support.calling import CommandResult, call
from tests.support.installation import Installation

QUIET = {"METRICS_PORT": 0, "WEB_PORT": 0}  # other processes of this machine do not matter to the tests
EXIT = {"ok": 0, "warn": 0, "fail": 1}


def ask(installation: Installation, **settings: object) -> CommandResult:
    """Return what the doctor says, as JSON."""
    return call(installation, "doctor", "--json", given="", **{**QUIET, **settings})


def finding(result: CommandResult, check: str, state: str, words: str) -> dict[str, Any]:
    """Return the one finding of a fault; it must say what to do, and the exit code must follow from all of them."""
    rows = result.rows
    found = [row for row in rows if (row["check"], row["state"]) == (check, state) and words in row["message"]]
    assert len(found) == 1, result.out
    assert found[0]["remedy"]
    assert result.code == max(EXIT[row["state"]] for row in rows)
    return found[0]
