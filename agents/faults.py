"""Faults on request, for the chaos suite alone: a worker dies, freezes, hangs or fails at a named step."""

import os
import signal
import time
from collections.abc import Callable

from streams.records.spans import Records

RAISE = "FANPULSE_TEST_RAISE_ON"
FOR_EVER_S = 10**6
FAULTS: dict[str, Callable[[], None]] = {
    "FANPULSE_TEST_DIE_AT": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "FANPULSE_TEST_FREEZE_AT": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "FANPULSE_TEST_BLOCK_AT": lambda: time.sleep(FOR_EVER_S),  # the event loop, while other threads go on
}

# What is asked for: step -> its fault, and step -> how many times it is still passed; "before-commit:20" is the 20th.
_asked = {
    step: (fault, int(times or 1))
    for name, fault in FAULTS.items()
    if (asked := os.environ.get(name))
    for step, _, times in [asked.partition(":")]
}
_left = {step: times for step, (_, times) in _asked.items()}
_poison = os.environ.get(RAISE, "").encode()


def at(step: str) -> None:
    """Die, freeze or hang here if that was asked for."""
    if step in _asked:
        _left[step] -= 1
        if _left[step] == 0:
            _asked[step][0]()


def on(records: Records) -> None:
    """Fail, as a bug of ours would, on a record that holds the text asked for.

    Raises:
        RuntimeError: it is there.
    """
    if _poison and any(_poison in (record.value or b"") for record in records):
        raise RuntimeError(f"a fault was asked for ({RAISE})")
