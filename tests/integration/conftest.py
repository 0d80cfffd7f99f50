"""One real Kafka and one real Valkey per session; a fresh installation and its processes per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from tests.support.installation import Installation, fresh
from tests.support.processes import Processes
from tests.support.servers import kafka, valkey
from tests.support.showing import pytest_runtest_makereport

__all__ = ["kafka", "pytest_runtest_makereport", "valkey"]


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
