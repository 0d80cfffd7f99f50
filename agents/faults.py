"""Faults on request, for the chaos suite alone: a worker dies, freezes or fails at a named step."""

import os
import signal

from streams.records.spans import Records

DIE, FREEZE, RAISE = "FANPULSE_TEST_DIE_AT", "FANPULSE_TEST_FREEZE_AT", "FANPULSE_TEST_RAISE_ON"
SIGNALS = {DIE: signal.SIGKILL, FREEZE: signal.SIGSTOP}

# What is asked for, as step -> [signal, how many times the step is still passed]; "before-commit:20" means the 20th.
_asked = {
    step: [SIGNALS[name], int(times or 1)]
    for name in SIGNALS
    if (asked := os.environ.get(name))
    for step, _, times in [asked.partition(":")]
}
_poison = os.environ.get(RAISE, "").encode()


def at(step: str) -> None:
    """Die or freeze here if that was asked for."""
    if _asked and step in _asked:
        _asked[step][1] -= 1
        if _asked[step][1] == 0:
            os.kill(os.getpid(), _asked[step][0])


def on(records: Records) -> None:
    """Fail, as a bug of ours would, on a record that holds the text asked for.

    Raises:
        RuntimeError: it is there.
    """
    if _poison and any(_poison in (record.value or b"") for record in records):
        raise RuntimeError(f"a fault was asked for ({RAISE})")
