"""A Valkey that a test may break, an installation with its topics, and a producer of output records."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from tests.integration.serve.outputs import Writer
from tests.support.installation import Installation, fresh
from tests.support.servers import running


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server that may be flushed, frozen and stopped."""
    with running(Valkey(tmp_path / "valkey")) as server:
        yield server


@pytest.fixture
def installation(kafka: Kafka, own_valkey: Valkey, tmp_path: Path) -> Installation:
    made = fresh(tmp_path, kafka.bootstrap, own_valkey.url)
    made.create_topics()
    return made


@pytest.fixture
def writer(installation: Installation) -> Iterator[Writer]:
    with Writer(installation.settings()) as out:
        yield out
