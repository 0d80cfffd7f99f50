"""A `fanpulse` command with a fault injected: it dies, freezes, blocks or fails at a named step.

    FANPULSE_TEST_DIE_AT=before-commit:20 python -m tests.support.faults worker

The program has no hooks for this: its own functions and aiokafka's are wrapped here, from outside. Environment
variables name the fault, so that a test can start the same process again without it:

| variable | fault |
|---|---|
| ``FANPULSE_TEST_DIE_AT`` | SIGKILL |
| ``FANPULSE_TEST_FREEZE_AT`` | SIGSTOP |
| ``FANPULSE_TEST_BLOCK_AT`` | the event loop blocks; other threads go on |
| ``FANPULSE_TEST_RAISE_ON`` | a task raises on a record that contains this text |

A step is one of ``STEPS``; ``before-commit:20`` is the twentieth time that it is reached; without a number, the first.
"""

import os
import signal
import time
from asyncio import Future
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

STEPS = ("collected", "after-first-batch", "before-offsets", "before-commit", "after-commit")
RAISE_ON = "FANPULSE_TEST_RAISE_ON"
BLOCKED_S = 10**6
FAULTS: Mapping[str, Callable[[], None]] = {
    "FANPULSE_TEST_DIE_AT": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "FANPULSE_TEST_FREEZE_AT": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "FANPULSE_TEST_BLOCK_AT": lambda: time.sleep(BLOCKED_S),
}


class Steps:
    """Counts how often each step is reached, and injects the faults that the environment names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._faults: dict[str, Callable[[], None]] = {}
        self._left: dict[str, int] = {}
        for name, fault in FAULTS.items():
            step, _, times = environ.get(name, "").partition(":")
            if step:
                assert step in STEPS, f"{name}: no step {step!r}, only {', '.join(STEPS)}"
                self._faults[step], self._left[step] = fault, int(times or 1)

    def reach(self, step: str) -> None:
        """Inject the fault of a step, if it has one and this is the time for it."""
        if step in self._faults:
            self._left[step] -= 1
            if self._left[step] == 0:
                self._faults[step]()


def _wrap(owner: type, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a method by what ``make`` returns for it."""
    assert hasattr(owner, name), f"{owner.__name__} has no {name} any more"
    method = getattr(owner, name)
    setattr(owner, name, wraps(method)(make(method)))


def _wrap_transactions(producer: type, steps: Steps) -> None:
    """Put the steps around the calls of a transactional producer."""

    def around(name: str, before: str, after: str = "") -> None:
        def make(method: Any) -> Any:
            async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
                steps.reach(before)
                result = await method(self, *args, **kwargs)
                steps.reach(after)
                return result

            return call

        _wrap(producer, name, make)

    def sent(done: Future[object]) -> None:
        if not done.cancelled():
            steps.reach("after-first-batch")

    def send(method: Any) -> Any:
        async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            future = await method(self, *args, **kwargs)
            future.add_done_callback(sent)
            return future

        return call

    around("begin_transaction", "collected")
    around("send_offsets_to_transaction", "before-offsets")
    around("commit_transaction", "before-commit", "after-commit")
    _wrap(producer, "send_batch", send)


def _wrap_task(task: type, poison: bytes) -> None:
    """Let a task fail, as a bug of ours would, on a record that contains ``poison``."""

    def make(method: Any) -> Any:
        def process(self: Any, source: Any, batch: Any, *args: Any) -> Any:
            if any(poison in (record.value or b"") for record in batch.records):
                raise RuntimeError(f"a fault was asked for ({RAISE_ON})")
            return method(self, source, batch, *args)

        return process

    _wrap(task, "process", make)


def install(environ: Mapping[str, str] = os.environ) -> None:
    """Wrap what the faults named in ``environ`` need, and nothing else."""
    if any(environ.get(name) for name in FAULTS):
        from aiokafka import AIOKafkaProducer

        _wrap_transactions(AIOKafkaProducer, Steps(environ))
    if poison := environ.get(RAISE_ON, ""):
        from streams.task import Task

        _wrap_task(Task, poison.encode())


if __name__ == "__main__":
    from agents.cli.main import main

    install()
    main()
