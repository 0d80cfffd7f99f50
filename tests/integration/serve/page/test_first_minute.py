"""The first minute: one command without configuration shows something on every list."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from agents.settings import PREFIX
from tests.integration.serve.page.browser import WIDTHS, Browser
from tests.support.processes import until

FIRST_S = 90.0  # from the command to all of it
DOWN_S = 30.0


def test_run_shows_scores_a_leaving_fan_and_an_angry_comment_within_90_seconds(
    browser: Browser, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ours = {"DATA_DIR": str(tmp_path / "data"), "WEB_PORT": "0", "METRICS_PORT": "0"}  # next to whatever runs here
    printed, logged = tmp_path / "printed", tmp_path / "logged"
    began = time.monotonic()
    with printed.open("wb") as out, logged.open("wb") as log:
        command = [sys.executable, "-m", "agents.cli", "run", "--json"]
        environ = kept | {PREFIX + name: value for name, value in ours.items()}
        run = subprocess.Popen(command, env=environ, stdout=out, stderr=log)
    try:
        until(lambda: printed.read_text().endswith("\n"), FIRST_S, lambda: f"up; it logged: {logged.read_text()}")
        browser.resize(*WIDTHS["laptop"])
        browser.open(json.loads(printed.read_text())["page"])

        def seen() -> dict[str, list[str]]:
            return {name: browser.rows(name) for name in ("top", "leaving", "angry", "tier", "gainers")}

        left = FIRST_S - (time.monotonic() - began)
        until(lambda: all(seen().values()), left, lambda: f"something on every list, not {seen()}")
        assert any("silent for" in detail for detail in browser.texts("#leaving .detail"))
        assert "severity" in browser.texts("#angry .detail")[0]
        assert float(browser.texts("#top .side")[0]) > 50
        assert browser.complaints() == []
        print(f"everything after {time.monotonic() - began:.0f} s")
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(DOWN_S)
