"""Where Kafka's jars come from."""

from pathlib import Path

import pytest

from agents.embedded import jars
from agents.errors import UnavailableError
from agents.supervise.ports import free_port


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and a network that leads nowhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")


def test_what_is_in_the_cache_needs_no_network(tmp_path: Path) -> None:
    home = tmp_path / "fanpulse" / f"kafka-{jars.KAFKA}"
    home.mkdir(parents=True)
    (home / "b.jar").touch()
    (home / "a.jar").touch()
    assert jars.classpath() == [home / "a.jar", home / "b.jar"]


def test_a_failed_fetch_is_told_and_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnavailableError, match="cannot fetch Apache Kafka"):
        jars.classpath()
    assert list((tmp_path / "fanpulse").iterdir()) == []
    assert "fetching Apache Kafka" in capsys.readouterr().err
