"""A real Valkey of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from agents.embedded.valkey import Valkey
from agents.errors import ConfigError, UnavailableError
from tests.support.servers import running


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running(Valkey(tmp_path)) as server:
        yield server


def keys(server: Valkey) -> list[bytes]:
    with Redis.from_url(server.url) as client:
        return list(client.keys())


def test_it_answers_at_its_url_and_starts_empty_on_the_same_port(valkey: Valkey) -> None:
    url, first = valkey.url, valkey.pid
    with Redis.from_url(url) as client:
        client.set("kept", "for now")
    assert keys(valkey) == [b"kept"]
    valkey.restart()
    assert (valkey.url, keys(valkey)) == (url, [])
    assert valkey.pid != first


def test_it_comes_back_after_a_kill(valkey: Valkey) -> None:
    valkey.kill()
    assert valkey.poll() == -9
    valkey.start()
    assert (valkey.poll(), keys(valkey)) == (None, [])


def test_a_stop_leaves_no_process(valkey: Valkey) -> None:
    valkey.stop()
    assert valkey.poll() == 0
    assert not Path(f"/proc/{valkey.pid}").exists()


def test_a_preferred_port_that_is_taken_gives_another(valkey: Valkey, tmp_path: Path) -> None:
    assert Valkey(tmp_path / "other", port=valkey.port).port != valkey.port


def test_a_second_server_in_the_same_directory_is_refused(
    valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.embedded.server.LOCKED_S", 0.2)
    with pytest.raises(ConfigError, match="another Valkey runs in"):
        Valkey(tmp_path).start()
    assert keys(valkey) == []


def test_one_that_dies_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"(?s)Valkey ended as it started.*nonsense"):
        Valkey(tmp_path, extra=["--nonsense", "1"]).start()
