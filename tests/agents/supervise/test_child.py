"""A child process cannot outlive us, and its end is bounded."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.supervise import child as module
from agents.supervise.child import Child
from tests.support.processes import until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has reaped yet does not."""
    status = Path(f"/proc/{pid}/status")
    try:
        return "\nState:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_its_output_is_in_the_log_and_its_code_is_told(tmp_path: Path) -> None:
    one = Child("one", [sys.executable, "-c", "print('bye'); raise SystemExit(70)"], tmp_path / "logs" / "one.log")
    assert (one.poll(), one.pid) == (None, 0)
    one.start()
    until(lambda: not one.is_running, 10, "the end")
    assert (one.poll(), one.last_words()) == (70, "bye")


def test_last_words_are_of_the_last_run_and_without_stack_frames(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_text("an older run\n")
    one = Child("one", [sys.executable, "-c", r"print('why\n\tat org.Where(Where.java:1)')"], log)
    one.start()
    until(lambda: not one.is_running, 10, "the end")
    assert one.last_words() == "why"


def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "one.log"
    log.write_text("more than ten bytes")
    one = Child("one", [sys.executable, "-c", "print('new')"], log)
    one.start()
    until(lambda: not one.is_running, 10, "the end")
    assert (log.read_text(), (tmp_path / "one.log.1").read_text()) == ("new\n", "more than ten bytes")


def test_one_that_ignores_sigterm_is_killed_in_time(tmp_path: Path) -> None:
    one = Child("deaf", [sys.executable, "-c", DEAF], tmp_path / "log")
    one.start()
    until(lambda: one.last_words() == "deaf", 10, "the handler")
    began = time.monotonic()
    assert one.stop(0.2) == -signal.SIGKILL
    assert time.monotonic() - began < 5


def test_a_frozen_one_is_killed_too(tmp_path: Path) -> None:
    one = Child("frozen", SLEEP, tmp_path / "log")
    one.start()
    os.kill(one.pid, signal.SIGSTOP)
    one.kill()
    assert one.poll() == -signal.SIGKILL


def test_it_starts_again_and_never_twice_at_once(tmp_path: Path) -> None:
    one = Child("one", SLEEP, tmp_path / "log")
    one.start()
    first = one.pid
    with pytest.raises(RuntimeError, match="runs already"):
        one.start()
    one.kill()
    one.start()
    assert one.pid != first
    one.kill()


PARENT = """
import sys, time
from pathlib import Path
from agents.supervise.child import Child
one = Child("one", [sys.executable, "-c", "import time; time.sleep(60)"], Path(sys.argv[1]) / "log")
one.start()
print(one.pid, flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("then", "number"),
    [("time.sleep(60)", signal.SIGKILL), ("time.sleep(60)", signal.SIGTERM), ("raise SystemExit(3)", None)],
)
def test_it_does_not_outlive_its_parent(then: str, number: int | None, tmp_path: Path) -> None:
    script = [sys.executable, "-c", PARENT.format(then=then), str(tmp_path)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if number is not None:
            assert is_alive(pid)
            parent.send_signal(number)
        parent.wait(10)
    until(lambda: not is_alive(pid), 10, "the child's end")


def test_the_terminals_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    one = Child("one", SLEEP, tmp_path / "log")
    one.start()
    assert os.getsid(one.pid) == os.getpgid(one.pid) == one.pid != os.getpgrp()
    one.kill()
