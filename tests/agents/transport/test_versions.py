"""What we override of other packages is held to the versions that we read."""

import tomllib
from importlib.metadata import version
from pathlib import Path

from agents.transport import fetching

PINNED = ("aiokafka", "faust-streaming", "mode-streaming", "kafka-python")


def test_the_overrides_were_written_for_the_installed_aiokafka() -> None:
    assert version("aiokafka") == fetching.READS


def test_the_packages_whose_insides_we_use_are_pinned_exactly() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    for name in PINNED:
        assert f"{name}=={version(name)}" in project["dependencies"]
