"""The yardstick: the job as Faust's documentation would write it, on the same topics."""

import os
import re
import subprocess
import sys
from pathlib import Path

from kafka.admin import KafkaAdminClient, NewTopic

from agents.settings import Settings
from tests.bench.worker import Result

PROGRAM = Path(__file__).with_name("faust_tutorial.py")
DEADLINE_S = 300


def tutorial(settings: Settings, events: int) -> Result:
    """Return the tutorial program's own figures over its first ``events`` events."""
    admin = KafkaAdminClient(bootstrap_servers=settings.broker)
    admin.create_topics([NewTopic("tutorial-scores", settings.partitions, 1)])
    admin.close()
    environ = os.environ | {"BOOT": settings.broker, "N": str(events), "PARTITIONS": str(settings.partitions)}
    command = [sys.executable, str(PROGRAM), "worker", "-l", "error", "--without-web"]
    ran = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, cwd=settings.data.parent, check=False
    )
    result = re.search(r"faust tutorial: (\d+) events/s, (\d+) us", ran.stderr)
    if result is None:
        sys.exit(f"the tutorial program gave no figure:\n{ran.stderr[-2000:]}")
    return Result("Faust as in its tutorial", float(result[1]), float(result[2]))
