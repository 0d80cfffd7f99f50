"""One real Kafka and one real Valkey per session; a fresh installation and its processes per test."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from tests.integration.installation import Installation, fresh
from tests.integration.processes import Processes


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker; one that cannot be had fails the test."""
    broker = Kafka(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Redis-compatible server."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def installation(kafka: Kafka, valkey: Valkey, tmp_path: Path) -> Installation:
    """Topics' prefix and group of this test alone; the topics are yet to be created."""
    return fresh(tmp_path, kafka.bootstrap, valkey.url)


@pytest.fixture
def processes(installation: Installation) -> Iterator[Processes]:
    """Starts workers and the like for this test."""
    started = Processes(installation)
    yield started
    started.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes said when a test fails."""
    report = yield
    started = getattr(item, "funcargs", {}).get("processes")
    if report.failed and isinstance(started, Processes):
        report.sections += [(f"log of {one.name}", one.words()) for one in started.all]
    return report
