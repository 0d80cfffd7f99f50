"""What the doctor takes for enough; the faults themselves are planted in tests/integration/doctor."""

import shutil
from pathlib import Path

import pytest

from agents.doctor.finding import CheckState
from agents.doctor.machine import disk, ports
from agents.doctor.topics import MAX_WORKER_BATCH
from agents.settings import Settings
from agents.transport.transaction import TRANSACTION_BATCH_BYTES

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("free", "state"), [(3 * GB, CheckState.OK), (GB, CheckState.WARN), (GB // 10, CheckState.FAIL)]
)
def test_a_disk_that_fills_up_is_told_in_time(
    free: int, state: CheckState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    (found,) = disk(Settings(data_dir=str(tmp_path / "data" / "below")))
    assert (found.state, bool(found.remedy)) == (state, state is not CheckState.OK)
    assert f"{free / GB:.1f} GB free" in found.message


def test_a_batch_of_a_worker_finds_room_where_the_doctor_is_content() -> None:
    assert TRANSACTION_BATCH_BYTES <= MAX_WORKER_BATCH


def test_any_port_is_always_free() -> None:
    (found,) = ports(Settings(metrics_port=0, web_port=0))
    assert (found.state, found.message) == (CheckState.OK, "any free ports are used")
