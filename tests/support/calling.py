"""Call a `fanpulse` command as a person does, and look at what it says."""

import json
import subprocess
import sys
from typing import Any

from tests.support.installation import Installation

TIMEOUT_S = 60.0


class CommandResult:
    """What a command printed, and its exit code."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What it printed, as a JSON array."""
        assert self.code in {0, 1}, self.err
        rows = json.loads(self.out)
        assert isinstance(rows, list)
        return rows

    @property
    def fields(self) -> dict[str, Any]:
        """What it printed, as a JSON object."""
        assert self.code in {0, 1}, self.err
        fields = json.loads(self.out)
        assert isinstance(fields, dict)
        return fields


def call(installation: Installation, *words: str, given: str = "", **settings: object) -> CommandResult:
    """Run a command to its end; whatever happens, it shows no traceback, and no colour in a pipe."""
    command = [sys.executable, "-m", "agents.cli", *words]
    environ = installation.environ(**settings)
    done = subprocess.run(
        command, env=environ, input=given, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "\x1b" not in done.stdout + done.stderr, "colour in a pipe"
    return CommandResult(done)
