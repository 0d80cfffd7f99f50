"""One real Kafka and one real Valkey per session; a fresh installation and its processes per test."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from tests.ground.installation import Installation, fresh
from tests.ground.processes import Processes
from tests.ground.servers import kafka, valkey

__all__ = ["kafka", "valkey"]


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
