"""One broker with a lock of every kind on its doors, one Redis with password and TLS, one authority, per session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.embedded.valkey import Valkey
from tests.integration.security.raw import TOKEN
from tests.needed import need
from tests.support.certificates import Authority
from tests.support.installation import Installation, fresh
from tests.support.locked import LockedKafka, LockedRedis, redis_server
from tests.support.processes import Processes, Running
from tests.support.servers import running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another authority, which nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[LockedKafka]:
    with running(LockedKafka(tmp_path_factory.mktemp("locked"), authority)) as broker:
        yield broker


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[LockedRedis]:
    need(redis_server(), "redis-server is missing: apt-get install redis-server (the one from pip has no TLS)")
    with running(LockedRedis(tmp_path_factory.mktemp("vault"), authority)) as server:
        yield server


@pytest.fixture
def installation(locked: LockedKafka, tmp_path: Path) -> Installation:
    """Topics' prefix and group of this test alone, on the door that has no lock; each test chooses its own."""
    made = fresh(tmp_path, locked.internal)
    made.create_topics()
    return made


@pytest.fixture(scope="package")
def served(locked: LockedKafka, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A serve process that asks for a token; it survives all of this."""
    made = fresh(tmp_path_factory.mktemp("served"), locked.internal, valkey.url)
    made.create_topics()
    processes = Processes(made)
    yield processes.serve(WEB_TOKEN=TOKEN)
    processes.end()
