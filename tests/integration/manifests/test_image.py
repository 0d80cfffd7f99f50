"""Claims about the image. It cannot be built here: no registry is reached that has base images."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from agents.cli.main import COMMANDS
from agents.endpoint import Endpoint
from agents.settings import read, unknown
from tests.integration.manifests.places import DOCKERFILE, ROOT, call

TEXT = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
ENVIRON = dict(re.findall(r"([A-Z_]+)=(\S+)", " ".join(re.findall(r"^ENV (.*)$", TEXT, re.MULTILINE))))
HADOLINT = Path(sys.executable).parent / "hadolint"


def instruction(name: str) -> str:
    """The last instruction of a name is the one that counts."""
    last: str = re.findall(rf"^{name} (.*)$", TEXT, re.MULTILINE)[-1]
    return last


def test_hadolint_has_nothing_to_say() -> None:
    result = call(HADOLINT, DOCKERFILE)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("python:3.11-slim-bookworm", "python:latest", "DL3007"),
        ('ENTRYPOINT ["fanpulse"]', "ENTRYPOINT fanpulse", "DL3025"),
        ("USER 10001:10001", "USER root", "DL3002"),
    ],
)
def test_hadolint_finds_a_planted_error(tmp_path: Path, right: str, wrong: str, rule: str) -> None:
    planted = tmp_path / "Dockerfile"
    planted.write_text(DOCKERFILE.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    result = call(HADOLINT, planted)
    assert result.returncode != 0
    assert rule in result.stdout


def test_it_runs_as_nobody_in_particular_and_without_a_shell() -> None:
    assert instruction("USER") == "10001:10001"
    assert json.loads(instruction("ENTRYPOINT")) == ["fanpulse"]
    assert json.loads(instruction("CMD"))[0] in COMMANDS


def test_its_settings_are_settings() -> None:
    assert unknown(ENVIRON) == []
    assert read(ENVIRON).data_dir == "/data"


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = DOCKERFILE.with_suffix(".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    copied = [word for words in re.findall(r"^COPY (?!--)(.*) \S+$", TEXT, re.MULTILINE) for word in words.split()]
    assert {"requirements.lock", "agents"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name


def test_packages_come_with_their_hashes_and_without_those_of_development() -> None:
    assert "pip wheel --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock" in TEXT
    install = re.findall(r"pip install (.*)$", TEXT, re.MULTILINE)
    assert [("--no-index" in line, "[dev]" in line) for line in install] == [(True, False)]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    listener = Endpoint(CollectorRegistry(), "127.0.0.1", 0, live=lambda: WRONG.get("live"))
    listener.start()
    yield listener
    listener.stop()


WRONG: dict[str, str] = {}


def health(url: str) -> int:
    check = instruction("HEALTHCHECK").partition(" CMD ")[2]
    python, *arguments = json.loads(check)
    assert python == "python"
    return call("env", f"HEALTH_URL={url}", "http_proxy=http://127.0.0.1:9", sys.executable, *arguments).returncode


def test_the_health_check_tells_well_from_ill_from_gone(endpoint: Endpoint) -> None:
    assert ENVIRON["HEALTH_URL"] == f"http://127.0.0.1:{read({}).metrics_port}/livez"
    url = f"http://127.0.0.1:{endpoint.port}/livez"
    assert health(url) == 0
    WRONG["live"] = "event loop blocked for 31 s"
    assert health(url) == 1
    endpoint.stop()
    assert health(url) == 1


@pytest.mark.full
def test_kernels_of_the_build_are_used_by_the_run(tmp_path: Path) -> None:
    # As a layer travels: compiled, put into an archive that keeps whole seconds, and read where nothing may change.
    broker_processes = tmp_path / "app"
    for name in ("schemas", "streams"):
        shutil.copytree(ROOT / name, broker_processes / name, ignore=shutil.ignore_patterns("__pycache__"))
    setup = f"NUMBA_CPU_NAME={ENVIRON['NUMBA_CPU_NAME']}"
    warm = (
        "env",
        setup,
        "PYTHONDONTWRITEBYTECODE=1",
        f"PYTHONPATH={broker_processes}",
        sys.executable,
        "-m",
        "streams.warm",
    )
    assert call(*warm, cwd=broker_processes).returncode == 0
    assert call("tar", "--format=ustar", "-cf", tmp_path / "layer.tar", "app", cwd=tmp_path).returncode == 0
    shutil.rmtree(broker_processes)
    assert call("tar", "-xf", tmp_path / "layer.tar", cwd=tmp_path).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in (broker_processes / ".numba").rglob("*") if path.is_file()}
    assert call(*warm, cwd=broker_processes).returncode == 0
    assert before
    after = {path: path.stat().st_mtime_ns for path in (broker_processes / ".numba").rglob("*") if path.is_file()}
    assert after == before, "it compiled again"
