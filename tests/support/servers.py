"""Real servers that a session starts once; a suite imports the fixtures that it needs."""

from collections.abc import Iterator

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey


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
