"""Claims about the commands that show fans and flags, on a real Kafka and a real Valkey."""

import json
import subprocess
import sys

import msgspec

from agents.errors import Exit
from agents.supervise.ports import LOOPBACK, free_port
from schemas.outputs.records import Evidence
from tests.agents.serve.outputs import flag, score
from tests.integration.serve.asking import SOON_S
from tests.integration.serve.outputs import Writer
from tests.support.installation import Installation
from tests.support.processes import Processes, until


def fanpulse(installation: Installation, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agents.cli", *arguments]
    done = subprocess.run(
        command, env=installation.environ(**settings), capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done


def test_fan_commands_read_the_serving_store(processes: Processes, writer: Writer, installation: Installation) -> None:
    left = score("weibo:2", lifecycle="at_risk", churn_risk=0.7, score=12.0)
    writer.write(score("weibo:1", score=80.5, tier="core"), left)
    processes.serve().terminate()
    shown = json.loads(fanpulse(installation, "fan", "show", "miot", "weibo:2", "--json").stdout)
    assert shown == json.loads(msgspec.json.encode(left))
    assert "usually comes every 3 days" in fanpulse(installation, "fan", "show", "miot", "weibo:2").stdout
    top = json.loads(fanpulse(installation, "fan", "top", "miot", "--json").stdout)
    assert [row["fan_id"] for row in top] == ["weibo:1", "weibo:2"]
    assert len(json.loads(fanpulse(installation, "fan", "top", "miot", "--json", "--limit", "1").stdout)) == 1
    table = fanpulse(installation, "fan", "at-risk", "miot").stdout.splitlines()
    assert table[0].split() == ["fan", "churn", "risk", "score", "tier", "why"]
    assert table[1].startswith("weibo:2")
    assert len(table) == 2
    assert fanpulse(installation, "fan", "at-risk", "nobody", "--json").stdout.strip() == "[]"


def test_what_does_not_exist_is_one_sentence_and_an_exit_code(installation: Installation) -> None:
    absent = fanpulse(installation, "fan", "show", "miot", "nobody")
    assert absent.returncode == Exit.FAILED
    assert "nobody" in absent.stderr
    dead = fanpulse(installation, "fan", "top", "miot", REDIS_URL=f"redis://:hush@{LOOPBACK}:{free_port()}/0")
    assert dead.returncode == Exit.UNAVAILABLE
    assert "hush" not in dead.stderr
    assert fanpulse(installation, "fan", "top", "miot", REDIS_URL="").returncode == Exit.CONFIG
    missing = fanpulse(installation, "flags", "tail", OUTPUT_PREFIX="nobody-")
    assert missing.returncode == Exit.CONFIG
    assert "topics create" in missing.stderr


def test_flags_are_shown_as_sentences_and_as_records(writer: Writer, installation: Installation) -> None:
    silent = flag("weibo:1", "f1", "churn", "at_risk", evidence=Evidence(259_200, 1_382_400))
    raised = flag("a\x1b[2J", "f2", "negative", "raised", severity=3, evidence=Evidence(0, 0, "e", "post-7"))
    writer.write(silent, raised, flag("weibo:3", "f3", "tier", "core", "active", brand_id="lumen"))
    shown = fanpulse(installation, "flags", "tail", "--from-beginning", "--limit", "3").stdout
    assert "usually comes every 3 days; silent for 16 days" in shown
    assert "severity 3, post post-7" in shown
    assert "active -> core" in shown
    assert "\x1b" not in shown
    narrow = ("flags", "tail", "--from-beginning", "--limit", "1", "--json")
    assert json.loads(fanpulse(installation, *narrow, "--kind", "churn").stdout) == json.loads(
        msgspec.json.encode(silent)
    )
    assert json.loads(fanpulse(installation, *narrow, "--brand", "lumen").stdout)["fan_id"] == "weibo:3"


def test_tail_shows_only_what_is_written_after_it_started(
    processes: Processes, writer: Writer, installation: Installation
) -> None:
    writer.write(flag("before", "f1", "tier", "core"))
    tail = processes.command("flags", "tail", "--json", "--limit", "1")

    def is_shown() -> bool:
        writer.write(flag("after", "f2", "tier", "core"))  # once it listens, one of them is new to it
        return '"after"' in tail.words()

    until(is_shown, SOON_S, tail.words)
    assert tail.wait_end() == Exit.OK
    assert '"before"' not in tail.words()
