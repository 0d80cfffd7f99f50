"""A browser, and a serve process with something on every list."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.outputs.records import Evidence
from tests.agents.serve.outputs import angry, flag, score
from tests.integration.serve.outputs import Writer
from tests.integration.serve.page.browser import Browser, chromium
from tests.support.processes import Processes, Running


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with chromium(tmp_path / "chromium") as opened:
        yield opened


@pytest.fixture
def serve(processes: Processes, writer: Writer) -> Running:
    now = int(time.time() * 1000)
    fans = [score(f"weibo:{n}", score=90.0 - 3 * n, tier="core") for n in range(16)]
    gainers = [score(f"new:{n}", score=20.0 + n, first_seen=now, last_seen=now, as_of=now) for n in range(9)]
    writer.write(
        *fans,
        *gainers,
        score("only", brand="lumen"),
        score("weibo:99", lifecycle="at_risk", score=30.0, flags=angry("f9", 3)),
    )
    for n in range(10):
        writer.write(
            flag(f"weibo:{n}", f"a{n}", "negative", "raised", severity=1 + n % 3, evidence=Evidence(0, 0, "e", "p7")),
            flag(f"weibo:{n}", f"b{n}", "churn", "at_risk"),
            flag(f"weibo:{n}", f"c{n}", "churn", "returned", "churned"),
            flag(f"weibo:{n}", f"d{n}", "tier", "core", "active"),
        )
    return processes.serve()
