"""The broker's disk is full: it ends, and so do workers; once there is room all goes on from what was committed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.embedded.kafka import Kafka
from tests.chaos.fixtures.scenario import Scenario
from tests.support.servers import running

pytestmark = pytest.mark.full

DISK = "400m"
BALLAST_STEP = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own; mounting one needs root."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def kafka(disk: Path) -> Iterator[Kafka]:
    """A broker whose records are on that disk."""
    with running(Kafka(disk / "kafka")) as broker:
        yield broker


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        size = BALLAST_STEP
        while size:
            try:
                if not file.write(bytes(size)):
                    break
            except OSError:
                size //= 2


def test_the_broker_s_disk_is_full(scenario: Scenario, kafka: Kafka, disk: Path) -> None:
    scenario.worker(0)
    scenario.produce()
    scenario.moved(3_000)
    fill(disk / "ballast")
    scenario.until("the broker ends", lambda: kafka.poll() is not None)
    (disk / "ballast").unlink()
    kafka.start()
    scenario.moved(3_000)
    scenario.check()
