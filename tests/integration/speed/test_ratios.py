"""A guard against getting slow: ratios within one run, with generous margins; never absolute times."""

import subprocess
import sys
from pathlib import Path

import orjson

TIMES, SHARE = 25, 0.06  # a quiet machine sees about 80 times and .2


def test_a_worker_is_many_times_the_tutorial_and_a_fair_share_of_the_floor() -> None:
    command = [sys.executable, "-m", "tests.bench", "--events", "300000", "--backlog-fans", "20000"]
    ran = subprocess.run(
        [*command, "--tutorial-events", "4000", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=Path(__file__).parents[3],
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    ours, tutorial, _, floor, _ = orjson.loads(ran.stdout)
    result = (
        f"{ours['per_s']:.0f} events/s; the tutorial {tutorial['per_s']:.0f}; fetch and decode {floor['per_s']:.0f}"
    )
    assert ours["per_s"] > TIMES * tutorial["per_s"], result
    assert ours["per_s"] > SHARE * floor["per_s"], result
