"""The extras and the two locks: what a worker installs is what it needs, and nothing has an address of a registry."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

from agents.errors import Exit
from agents.extras import EXTRAS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(requirement: str) -> str:
    """The name of a package as PyPI compares it.

    >>> normal("tomli_W>=1.1")
    'tomli-w'
    """
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def lock(name: str) -> dict[str, str]:
    """Each package of a lock with its version and hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==(.*?)(?=^[\w.-]+==|\Z)", text, re.MULTILINE | re.DOTALL)
    return {normal(package): re.sub(r"^ *#.*\n?", "", pin, flags=re.MULTILINE).rstrip() for package, pin in found}


RUN, DEV = lock("requirements.lock"), lock("requirements-dev.lock")


@pytest.mark.parametrize("pins", [RUN, DEV], ids=["run", "dev"])
def test_every_package_of_a_lock_has_hashes_and_no_address(pins: dict[str, str]) -> None:
    assert len(pins) > 40
    for name, pin in pins.items():
        assert "--hash=sha256:" in pin, name
        assert "://" not in pin, name


def test_both_locks_agree() -> None:
    assert {name: pin for name, pin in RUN.items() if DEV.get(name) != pin} == {}


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    plain = {normal(one) for one in PROJECT["dependencies"]}
    extra = {normal(one) for some in PROJECT["optional-dependencies"].values() for one in some}
    assert plain <= set(RUN)
    assert plain | extra <= set(DEV)
    assert extra & set(RUN) == {"setuptools"}, "which builds the image's own package"


def test_missing_modules_name_the_extra_of_pyproject() -> None:
    by_module = packages_distributions()
    assert EXTRAS.keys() == PROJECT["optional-dependencies"].keys() - {"dev"}
    for extra, modules in EXTRAS.items():
        packages = {normal(by_module[module][0]) for module in modules}
        assert packages == {normal(one) for one in PROJECT["optional-dependencies"][extra]}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that holds the packages of requirements.lock and nothing else."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=60)
    (site,) = home.glob("lib/python3*/site-packages")
    for name in RUN:
        for path in roots(name):
            if not (site / path.name).exists():
                (site / path.name).symlink_to(path)
    return home / "bin" / "python"


def roots(name: str) -> Iterator[Path]:
    """What an installed package put directly into site-packages."""
    found = distribution(name)
    names = {file.parts[0] for file in found.files or () if file.parts[0] not in {"..", "__pycache__"}}
    return (Path(str(found.locate_file(one))) for one in names)


def call(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("FANPULSE_", "PYTHON"))}
    environ = plain | {"PYTHONPATH": str(ROOT), "FANPULSE_BROKER": "127.0.0.1:1"}
    return subprocess.run(
        [python, *words], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_worker_serve_and_help_need_no_extra(python: Path) -> None:
    for modules in EXTRAS.values():
        for module in modules:
            assert "ModuleNotFoundError" in call(python, "-c", f"import {module}").stderr
    for module in ("agents.worker.process", "agents.serve.service"):
        done = call(python, "-c", f"import {module}")
        assert (done.returncode, done.stderr) == (0, "")
    assert "worker" in call(python, "-m", "agents.cli", "--help").stdout
    done = call(python, "-m", "agents.cli", "worker")
    assert done.returncode == Exit.UNAVAILABLE, done.stderr
    assert "127.0.0.1:1" in done.stderr


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("embedded", ("run", "--no-demo")),
        ("learn", ("backtest", "flags", "--fans", "200")),
        ("learn", ("backtest", "sentiment", "README.md")),
        ("learn", ("fit", "churn", "README.md")),
        ("learn", ("fit", "sentiment", "README.md", "--out", "no.model")),
    ],
)
def test_a_command_without_its_extra_names_it_in_one_sentence(python: Path, extra: str, words: tuple[str, ...]) -> None:
    done = call(python, "-m", "agents.cli", *words)
    assert done.returncode == Exit.CONFIG, done.stderr
    (line,) = done.stderr.splitlines()
    assert f"install the extra [{extra}]" in line
    assert call(python, "-m", "agents.cli", words[0], "--help").returncode == Exit.OK
