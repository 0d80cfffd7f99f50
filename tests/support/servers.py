"""Real servers that a session starts once; a suite imports the fixtures that it needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey


class Startable(Protocol):
    """A server of its own process."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


Server = TypeVar("Server", bound=Startable)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server, and stop it whatever happens."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker; one that cannot be had fails the test."""
    with running(Kafka(tmp_path_factory.mktemp("kafka"))) as broker:
        yield broker


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Redis-compatible server."""
    with running(Valkey(tmp_path_factory.mktemp("valkey"))) as server:
        yield server
