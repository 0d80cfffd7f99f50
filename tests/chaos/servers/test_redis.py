"""Redis is slow, freezes, dies, or forgets everything: scoring does not notice, and the copy is whole again."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from agents.embedded.valkey import Valkey
from tests.chaos.fixtures.scenario import Make
from tests.support.servers import running

pytestmark = pytest.mark.full

AWAKE_S, ASLEEP_S = 0.02, 0.3


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running(Valkey(tmp_path / "valkey")) as server:
        yield server


@contextmanager
def slow(server: Valkey) -> Iterator[None]:
    """Let a server run for 20 ms in every 320."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(AWAKE_S):
            os.kill(server.pid, signal.SIGSTOP)
            time.sleep(ASLEEP_S)
            os.kill(server.pid, signal.SIGCONT)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("fault", ["slow", "frozen", "killed, and empty when it is back", "flushed"])
def test_redis_fails_while_fans_are_scored(make: Make, valkey: Valkey, fault: str) -> None:
    scenario = make(f"Redis {fault}", REDIS_URL=valkey.url)
    scenario.worker(0)
    serve = scenario.processes.serve()
    scenario.produce()
    scenario.moved(4_000)
    if fault == "slow":
        with slow(valkey):
            scenario.moved(8_000)
    elif fault == "frozen":
        os.kill(valkey.pid, signal.SIGSTOP)
        scenario.moved(8_000)
        os.kill(valkey.pid, signal.SIGCONT)
    elif fault.startswith("killed"):
        valkey.kill()
        scenario.moved(8_000)
        valkey.start()
    else:
        Redis.from_url(valkey.url).flushall()
    scenario.moved(4_000)
    scenario.check()
    assert serve.child.is_running, serve.words()
    fans = set(scenario.work.expected().fans)
    scenario.until("every fan is in Redis", lambda: len(copied(valkey)) >= len(fans), 60)


def copied(valkey: Valkey) -> list[bytes]:
    return list(Redis.from_url(valkey.url).scan_iter("*:fan:*", count=5_000))
