"""What the doctor takes for enough; the faults themselves are planted in tests/integration/doctor."""

import shutil
from pathlib import Path

import pytest

from agents.cli.check.findings.finding import State
from agents.cli.check.findings.machine import disk, ports
from agents.cli.check.findings.topics import ROOM
from agents.settings import Settings
from agents.transport.transaction import BATCH_BYTES

GB = 1_000_000_000


@pytest.mark.parametrize(("free", "state"), [(3 * GB, State.OK), (GB, State.WARN), (GB // 10, State.FAIL)])
def test_a_disk_that_fills_up_is_told_in_time(
    free: int, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    (found,) = disk(Settings(data_dir=str(tmp_path / "data" / "below")))
    assert (found.state, bool(found.remedy)) == (state, state is not State.OK)
    assert f"{free / GB:.1f} GB free" in found.said


def test_a_batch_of_a_worker_finds_room_where_the_doctor_is_content() -> None:
    assert BATCH_BYTES <= ROOM


def test_any_port_is_always_free() -> None:
    (found,) = ports(Settings(metrics_port=0, web_port=0))
    assert (found.state, found.said) == (State.OK, "any that is free")
