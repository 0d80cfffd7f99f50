"""What ends is started again, later each time; what cannot help is given up. All with real processes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import ConfigError, Exit, FanpulseError, PortTakenError
from agents.supervise.child import Child
from agents.supervise.supervisor import STEADY_S, Supervisor
from tests.support.processes import until


class Case:
    """A supervisor with one child, and a clock of its own."""

    def __init__(self, directory: Path, script: str, *, may_end: bool = False) -> None:
        self.messages: list[str] = []
        self.supervisor = Supervisor(self.messages.append)
        self.child = Child("worker-0", [sys.executable, "-c", script], directory / "log")
        self.child.start()
        self.supervisor.watch(self.child, 0.0, may_end=may_end)

    def ended(self, now: float) -> None:
        """Wait for the child's end, and have the supervisor see it at ``now``."""
        until(lambda: not self.child.is_running, 10, "the child's end")
        self.supervisor.look(now)


@pytest.fixture
def fail_stop(tmp_path: Path) -> Iterator[Case]:
    case = Case(tmp_path, "print('fanpulse: the broker is gone'); raise SystemExit(70)")
    yield case
    case.child.kill()


def test_a_fail_stop_is_told_in_one_line_and_started_again(fail_stop: Case) -> None:
    first = fail_stop.child.pid
    fail_stop.ended(1.0)
    assert fail_stop.messages == [
        "worker-0 ended (fail-stop, exit code 70: the broker is gone); starting it again in 0.5 s"
    ]
    fail_stop.supervisor.look(1.4)
    assert fail_stop.child.pid == first
    fail_stop.supervisor.look(1.5)
    assert fail_stop.child.pid != first
    assert fail_stop.messages[1:] == ["worker-0 is started again"]


def waits(case: Case, moments: list[float]) -> list[str]:
    """Let the child end at each moment, and return the waits that were reported."""
    for at in moments:
        case.ended(at)
        case.supervisor.look(at + 31)
    return [line.rpartition(" in ")[2] for line in case.messages if " in " in line]


def test_each_wait_is_twice_the_last_up_to_a_bound(fail_stop: Case) -> None:
    quick = [10.0 + 32 * time for time in range(8)]  # a second after each start
    assert waits(fail_stop, quick) == ["0.5 s", "1 s", "2 s", "4 s", "8 s", "16 s", "30 s", "30 s"]


def test_who_ran_steadily_has_no_history(fail_stop: Case) -> None:
    assert waits(fail_stop, [1.0, 33.0, 64.0 + STEADY_S]) == ["0.5 s", "1 s", "0.5 s"]


@pytest.mark.parametrize(
    ("code", "error"), [(Exit.CONFIG, ConfigError), (Exit.PORT_TAKEN, PortTakenError), (Exit.USAGE, ConfigError)]
)
def test_what_another_start_cannot_mend_is_given_up(code: Exit, error: type[FanpulseError], tmp_path: Path) -> None:
    case = Case(tmp_path, f"print('fanpulse: why'); raise SystemExit({code.value})")
    with pytest.raises(error, match="worker-0: why"):
        case.ended(1.0)


def test_one_that_may_end_is_done_when_all_went_well(tmp_path: Path) -> None:
    case = Case(tmp_path, "", may_end=True)
    pid = case.child.pid
    case.ended(1.0)
    case.supervisor.look(100.0)
    assert (case.messages, case.child.pid) == (["worker-0 has ended"], pid)


def test_a_kill_is_named_by_its_signal(tmp_path: Path) -> None:
    case = Case(tmp_path, "import time; time.sleep(60)")
    case.child.kill()
    case.ended(1.0)
    assert case.messages == ["worker-0 ended (SIGKILL); starting it again in 0.5 s"]


class Unstartable:
    """A server that ended and cannot be had any more."""

    name = "Kafka"

    def start(self) -> None:
        raise FanpulseError("no Java")

    def poll(self) -> int:
        return 1

    def last_words(self) -> str:
        return ""


def test_a_start_that_fails_is_tried_again() -> None:
    messages: list[str] = []
    supervisor = Supervisor(messages.append)
    supervisor.watch(Unstartable(), 0.0)
    for now in (1.0, 2.0, 4.0):
        supervisor.look(now)
    assert messages == [
        "Kafka ended (exit code 1); starting it again in 0.5 s",
        "Kafka does not start: no Java; starting it again in 1 s",
        "Kafka does not start: no Java; starting it again in 2 s",
    ]
