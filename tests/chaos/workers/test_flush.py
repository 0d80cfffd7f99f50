"""Workers die or freeze at each step of a flush."""

import time
from pathlib import Path

import pytest

from agents.errors import Exit
from tests.chaos.ground.compaction import compact
from tests.chaos.ground.trial import Trial

STEPS = ("collected", "after-first-batch", "before-offsets", "before-commit", "after-commit")
PASSED = 4  # times that the step is reached until it happens


def is_frozen(pid: int) -> bool:
    """Whether a process is stopped, as the kernel tells it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_killed_at_each_step_of_a_flush(trial: Trial) -> None:
    trial.feed()
    one = trial.starting(0, TEST_DIE_AT=f"{STEPS[0]}:{PASSED}")
    for step in (*STEPS[1:], ""):
        trial.until("it dies", lambda: not one.child.is_running)
        trial.result.deaths += 1
        trial.start(one, TEST_DIE_AT=f"{step}:{PASSED}" if step else "")
        trial.kept.remove(one)
    trial.ready(one)
    trial.check()


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=[] if step == "before-commit" else pytest.mark.full) for step in STEPS]
)
def test_frozen_at_a_step_of_a_flush(trial: Trial, step: str) -> None:
    trial.worker(1)
    trial.feed(rate=1_000)
    one = trial.starting(0, TEST_FREEZE_AT=f"{step}:{PASSED}")
    trial.until("it freezes", lambda: is_frozen(one.pid))
    frozen_at = time.monotonic()
    trial.all_move(frozen_at + 1)
    one.thaw()
    assert one.wait_end(60) == Exit.FAIL_STOP
    trial.result.deaths += 1
    trial.start(one, TEST_FREEZE_AT="")
    trial.ready(one)
    compact(trial)
    trial.kill(one)  # what is read back is what compaction left
    trial.start(one)
    trial.ready(one)
    trial.check()
