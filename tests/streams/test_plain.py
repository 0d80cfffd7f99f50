"""Plain and compiled kernels agree, byte for byte, on the same random histories of 400 days."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.fans.model import MODEL, Model
from streams.rules.rule import Outcome
from tests.streams.model.composed import TEST_MODEL
from tests.streams.random_histories import History, history, old_caps, run

ROOT = Path(__file__).parents[2]
MODELS = {"production": MODEL, "test": TEST_MODEL}


class Plain:
    """Runs histories in a process without numba's compiler."""

    def __init__(self, model: str) -> None:
        self.model = MODELS[model]
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.streams.random_histories", model],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        )

    def run(self, steps: History) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(steps) + "\n")
        self._process.stdin.flush()
        answers: list[str] = json.loads(self._process.stdout.readline())
        return answers

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module", params=MODELS)
def plain(request: pytest.FixtureRequest) -> Iterator[Plain]:
    made = Plain(request.param)
    yield made
    made.close()


def differences(steps: History, plain: Plain, model: Model) -> list[tuple[str, str]]:
    one, other = run(steps, model), plain.run(steps)
    assert len(one) == len(other)
    return [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1 << 32), steps=st.integers(1, 40))
@example(seed=1, steps=120)
@example(seed=2, steps=120)
def test_any_history_gives_the_same_bytes(plain: Plain, seed: int, steps: int) -> None:
    assert differences(history(seed, plain.model, steps), plain, plain.model) == []


def test_caps_of_64_to_71_days_back_leave_no_mark_in_either(plain: Plain) -> None:
    assert differences(old_caps(), plain, plain.model) == []
    assert run(old_caps(), plain.model)[-1] == "suspects [0]"


def test_the_histories_reach_what_they_are_there_for() -> None:
    """Suspects, late events, repeats, attributions and every flag occur among a few seeds."""
    lines = [line for seed in range(6) for line in run(history(seed, steps=120))]
    seen = "\n".join(lines)
    for word in ("at_risk", "churned", "returned", "raised", "cleared", "comment", "campaign_only"):
        assert word in seen, word
    outcomes = {int(n) for line in lines if line.startswith("outcomes") for n in line[10 : line.index("]")].split(", ")}
    assert outcomes == {Outcome.APPLIED, Outcome.DUPLICATE, Outcome.LATE}
    suspects = {n for line in lines if line.startswith("suspects") for n in line[10:-1].split(", ")}
    assert suspects >= {"0", "1", "2", "4"}, "each kind of evidence"
