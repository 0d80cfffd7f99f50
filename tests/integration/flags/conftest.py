"""What the tests of flags share: topics that are there, time that ticks twice a second, and a connector."""

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from tests.integration.flags.connector import Connector
from tests.support.installation import Installation, fresh


@pytest.fixture
def installation(kafka: Kafka, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = fresh(tmp_path_factory.mktemp("flags"), kafka.bootstrap, valkey.url, TICK_S=0.5)
    made.create_topics()
    return made


@pytest.fixture
def connector(installation: Installation) -> Connector:
    return Connector(installation.settings())
