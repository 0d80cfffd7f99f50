"""What the counted tests share: the sample with its oracle, and topics that are there."""

import pytest

from tests.integration.counted.proof import Case, real
from tests.support.datasets import SAMPLE
from tests.support.processes import Processes


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A sample of the real histories, whole fans, with what must be published of it."""
    return real(SAMPLE, tmp_path_factory.mktemp("histories") / "sample.jsonl")


@pytest.fixture
def broker_processes(processes: Processes) -> Processes:
    """An installation with its topics, and nobody at work yet."""
    processes.installation.create_topics()
    return processes
