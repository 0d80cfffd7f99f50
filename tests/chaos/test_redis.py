"""Redis is slow, dies, or forgets everything: scoring does not notice, and the copy is whole again."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from agents.embedded.valkey import Valkey
from tests.chaos.conftest import Make

pytestmark = pytest.mark.full


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("fault", ["frozen", "killed", "flushed"])
def test_redis_fails_while_fans_are_scored(make: Make, valkey: Valkey, fault: str) -> None:
    trial = make(f"Redis {fault}", REDIS_URL=valkey.url)
    trial.worker(0)
    serve = trial.processes.serve()
    trial.feed()
    trial.moved(4_000)
    if fault == "frozen":
        os.kill(valkey.pid, signal.SIGSTOP)
        trial.moved(8_000)
        os.kill(valkey.pid, signal.SIGCONT)
    elif fault == "killed":
        valkey.kill()
        trial.moved(8_000)
        valkey.start()
    else:
        Redis.from_url(valkey.url).flushall()
    trial.moved(4_000)
    trial.check()
    assert serve.child.is_running, serve.words()
    fans = set(trial.work.told().fans)
    trial.until("every fan is in Redis", lambda: len(copied(valkey)) >= len(fans), 60)


def copied(valkey: Valkey) -> list[bytes]:
    return list(Redis.from_url(valkey.url).scan_iter("*:fan:*", count=5_000))
