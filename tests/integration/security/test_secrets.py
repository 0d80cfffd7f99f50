"""Distinctive secrets in every secret setting: whatever fails, none of them is printed, logged, shown or listed."""

import contextlib
import time
from pathlib import Path

import pytest

from agents.errors import Exit
from tests.integration.security.keys import kafka_keys, redis_keys
from tests.integration.security.raw import get
from tests.integration.serve.asking import SOON_S
from tests.support.installation import Installation
from tests.support.locked import PASSWORD, USER, LockedKafka, LockedRedis
from tests.support.processes import FAULTY, Processes, Running, until

TOKEN = "token-5e7c-geheim"
WRONG = "wr0ng/P%40ss-c41d"  # with what must be encoded in a URL, left as it is by a hurried hand
SECRETS = (TOKEN, WRONG, PASSWORD, "wr0ng", "ss-c41d")
URLS = [
    "redis://:{}@127.0.0.1:1/0",
    "redis://ops:{}@127.0.0.1:nonsense",
    "redis://:{}#@127.0.0.1:1",
    "redis://127.0.0.1:1/0?password={}",
    "ops:{}@127.0.0.1",
    "{}",
    "http://:{}@127.0.0.1",
    "rediss://:{}@[::1",
]


def leaks(text: str) -> list[str]:
    """Return which secrets stand in a text."""
    return [secret for secret in SECRETS if secret in text]


def shown_by(running: Running) -> str:
    """Return all that others can see of a process while it runs: its log, its children's and its own arguments."""
    seen = [running.log.read_text(errors="replace") if running.log.exists() else ""]
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            if running.pid in {int(status.parent.name), int(fields[1]), int(fields[2])}:
                seen.append(status.with_name("cmdline").read_text(errors="replace"))
    return "\n".join(seen)


def all_logs(installation: Installation) -> str:
    """Return every log and file of this installation, those of children as well; embedded records are none."""
    files = [path for path in installation.directory.rglob("*") if path.is_file() and path.stat().st_size < 50_000_000]
    return "\n".join(path.read_text(errors="replace") for path in files)


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_who_works_shows_none(level: str, processes: Processes, locked: LockedKafka, vault: LockedRedis) -> None:
    keys = kafka_keys(locked, "PLAIN over TLS") | redis_keys(vault) | {"WEB_TOKEN": TOKEN, "LOG_LEVEL": level}
    worker, serve = processes.worker(ready=False, **keys), processes.serve(ready=False, **keys)
    for running, port in ((worker, worker.port), (serve, serve.port + 0)):
        running.wait_ready()
        assert get(port, "/readyz").status == 200
    metrics = (worker.port, int(serve.environ["FANPULSE_METRICS_PORT"]) + 1)
    for port in metrics:
        assert leaks(get(port, "/metrics").body.decode()) == []
    bearer = b"Authorization: Bearer " + TOKEN.encode()
    for path in ("/", "/brands", "/nowhere"):
        for result in (get(serve.port, path, bearer), get(serve.port, path, bearer + b"x")):
            assert leaks(str(result.headers) + result.body.decode()) == []
    get(serve.port, "/" + "a" * 20_000, bearer)
    get(serve.port, "/", bearer + b"\x00")
    for running in (worker, serve):
        assert leaks(shown_by(running)) == []
        running.terminate()
    assert leaks(all_logs(processes.installation)) == []


def test_commands_show_none(processes: Processes, locked: LockedKafka, vault: LockedRedis) -> None:
    keys = kafka_keys(locked, "SCRAM over TLS") | redis_keys(vault) | {"WEB_TOKEN": TOKEN}
    for words in (["config", "show"], ["config", "show", "--json"], ["doctor"], ["worker", "--help"], ["--help"]):
        command = processes.command(*words, **keys)
        assert command.wait_end(30) == Exit.OK, command.words()
    shown = processes.all[0].words()
    assert "(set)@127.0.0.1" in shown
    assert USER in shown
    assert leaks(all_logs(processes.installation)) == []


@pytest.mark.parametrize("url", URLS)
def test_an_address_of_redis_that_is_wrong_is_told_without_its_password(url: str, processes: Processes) -> None:
    keys = {"REDIS_URL": url.format(WRONG), "WEB_TOKEN": TOKEN, "METRICS_PORT": 0, "WEB_PORT": 0}
    asked = [["config", "show"], ["doctor", "--json"], ["fan", "show", "miot", "a"]]
    for command in [processes.command(*words, **keys) for words in asked]:
        command.wait_end(30)
    serve = processes.command("serve", **keys)
    until(lambda: bool(serve.words()) or not serve.child.is_running, 30, "serve says something")
    until_true = time.monotonic() + 1
    until(lambda: time.monotonic() > until_true or not serve.child.is_running, 5, "serve came to its end, or waits")
    serve.end()
    result = all_logs(processes.installation)
    assert leaks(result) == []
    assert "Traceback" not in result


def test_who_fails_shows_none(processes: Processes, locked: LockedKafka, vault: LockedRedis) -> None:
    wrong = kafka_keys(locked, "PLAIN over TLS") | {"KAFKA_PASSWORD": WRONG, "REDIS_URL": vault.url("wr0ng-c41d")}
    wrong |= redis_keys(vault) | {"WEB_TOKEN": TOKEN, "METRICS_PORT": 0, "WEB_PORT": 0, "LOG_LEVEL": "DEBUG"}
    away = wrong | {"BROKER": "127.0.0.1:1", "REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:1/0"}
    for keys, code in ((wrong, Exit.CONFIG), (away, Exit.UNAVAILABLE)):
        for name in ("worker", "serve", "lag"):
            assert processes.command(name, **keys).wait_end(30) == code
        assert processes.command("doctor", **keys).wait_end(30) == Exit.FAILED
        run = processes.command("run", "--no-demo", **keys)
        assert run.wait_end(60) == code
    assert leaks(all_logs(processes.installation)) == []


def test_a_crash_of_ours_shows_none(processes: Processes, locked: LockedKafka, vault: LockedRedis) -> None:
    """A bug's traceback names code, never what was in a variable."""
    keys = kafka_keys(locked, "PLAIN") | redis_keys(vault) | {"WEB_TOKEN": TOKEN, "LOG_LEVEL": "DEBUG"}
    worker = processes.worker(module=FAULTY, TEST_RAISE_ON="poison-5150", **keys)
    load = processes.installation.directory / "event.jsonl"
    event = '{"topic":"likes","event_id":"poison-5150","brand_id":"miot","fan_id":"a","platform":"w","event_time":5}\n'
    load.write_text(event)
    assert processes.command("load", str(load), **keys).wait_end(30) == Exit.OK
    assert worker.wait_end(SOON_S) == Exit.FAIL_STOP
    assert "Traceback" in worker.words(500)
    assert leaks(all_logs(processes.installation)) == []


def test_run_hands_its_children_no_secret_as_an_argument(
    processes: Processes, locked: LockedKafka, vault: LockedRedis
) -> None:
    keys = kafka_keys(locked, "PLAIN over TLS") | redis_keys(vault) | {"WEB_TOKEN": TOKEN, "WEB_PORT": 0}
    run = processes.command("run", "--no-demo", **keys, METRICS_PORT=0)
    until(lambda: "Ctrl-C" in run.words() or not run.child.is_running, 90, run.words)
    assert leaks(shown_by(run)) == []
    children = [path for path in Path("/proc").glob("[0-9]*") if _parent(path) == run.pid]
    assert len(children) >= 2, "worker and serve"
    for child in children:
        assert leaks((child / "cmdline").read_text()) == []
    run.end()
    assert leaks(all_logs(processes.installation)) == []


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0
