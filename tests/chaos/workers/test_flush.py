"""Workers die or freeze at each step of a flush."""

import time
from pathlib import Path

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.compaction import compact
from tests.chaos.fixtures.scenario import Scenario

STEPS = ("collected", "after-first-batch", "before-offsets", "before-commit", "after-commit")
PASSED = 4  # times that the step is reached until it happens


def is_frozen(pid: int) -> bool:
    """Whether a process is stopped, as the kernel tells it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_killed_at_each_step_of_a_flush(scenario: Scenario) -> None:
    scenario.produce()
    one = scenario.starting(0, TEST_DIE_AT=f"{STEPS[0]}:{PASSED}")
    for step in (*STEPS[1:], ""):
        scenario.until("it dies", lambda: not one.child.is_running)
        scenario.result.deaths += 1
        scenario.start(one, TEST_DIE_AT=f"{step}:{PASSED}" if step else "")
        scenario.kept.remove(one)
    scenario.ready(one)
    scenario.check()


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=[] if step == "before-commit" else pytest.mark.full) for step in STEPS]
)
def test_frozen_at_a_step_of_a_flush(scenario: Scenario, step: str) -> None:
    scenario.worker(1)
    scenario.produce(rate=1_000)
    one = scenario.starting(0, TEST_FREEZE_AT=f"{step}:{PASSED}")
    scenario.until("it freezes", lambda: is_frozen(one.pid))
    frozen_at = time.monotonic()
    scenario.all_move(frozen_at + 1)
    one.thaw()
    assert one.wait_end(60) == Exit.FAIL_STOP
    scenario.result.deaths += 1
    scenario.start(one, TEST_FREEZE_AT="")
    scenario.ready(one)
    compact(scenario)
    scenario.kill(one)  # what is read back is what compaction left
    scenario.start(one)
    scenario.ready(one)
    scenario.check()
