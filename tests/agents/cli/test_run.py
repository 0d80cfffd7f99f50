"""`fanpulse run`, as far as it goes without Kafka."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from agents.cli.processes.welcome import Welcome
from agents.errors import Exit
from agents.settings import PREFIX


def test_a_taken_port_is_told_in_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ours = {"FANPULSE_WEB_PORT": str(port), "FANPULSE_METRICS_PORT": "0", "FANPULSE_DATA_DIR": str(data)}
        done = subprocess.run(
            [sys.executable, "-m", "agents.cli", "run"],
            env=kept | ours,
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == Exit.PORT_TAKEN
    assert done.stderr.splitlines() == [
        f"fanpulse: port {port} is taken by another process; choose another with FANPULSE_WEB_PORT"
    ]
    assert not data.exists()


def test_other_commands_are_told_where_the_servers_are_but_no_secret() -> None:
    ours = Welcome(page="", metrics={}, broker="127.0.0.1:9092", redis="redis://127.0.0.1:6379/0", logs="")
    assert ours.exports() == "export FANPULSE_BROKER=127.0.0.1:9092 FANPULSE_REDIS_URL=redis://127.0.0.1:6379/0"
    theirs = Welcome(page="", metrics={}, broker="kafka:9092", redis="redis://(set)@cache/0", logs="")
    assert theirs.exports() == "export FANPULSE_BROKER=kafka:9092"
