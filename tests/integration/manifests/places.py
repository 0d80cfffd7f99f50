"""Where the things to be deployed are, and how the validators are called."""

import copy
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import compose
import yaml

from tests.needed import need

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
STACK = DEPLOY / "compose" / "compose.yml"
KUBERNETES = DEPLOY / "kubernetes"
OVERLAY = KUBERNETES / "overlays" / "production"

Resource = dict[str, Any]
Validate = Callable[[list[Resource]], list[str | None]]

# The package's own command starts this and forgets its exit code.
COMPOSE = Path(compose.__file__).parent / "docker-compose"


def call(*command: object, given: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its exit code is the caller's to judge."""
    words = [str(word) for word in command]
    return subprocess.run(words, input=given, capture_output=True, text=True, check=False, cwd=cwd, timeout=300)


def compose_config(file: Path) -> tuple[int, str, dict[str, Any]]:
    """What the real compose makes of a file: exit code, words, and the whole configuration where there is one."""
    result = call(COMPOSE, "-f", file, "--profile", "*", "config", "--format", "json", "--no-env-resolution")
    return result.returncode, result.stderr, json.loads(result.stdout) if result.returncode == 0 else {}


def kustomize(folder: Path) -> list[Resource]:
    """Return what `kubectl apply -k` would send."""
    tool = shutil.which("kustomize") or shutil.which("kubectl")
    need(tool, "kustomize (or kubectl, which has it inside) is not there")
    assert tool is not None
    built = call(tool, "build" if tool.endswith("kustomize") else "kustomize", folder)
    assert built.returncode == 0, built.stderr
    return [document for document in yaml.safe_load_all(built.stdout) if document]


def of(resources: list[Resource], kind: str, name: str = "") -> Resource:
    """Return a copy of the one resource of a kind, and of a name that begins so."""
    (found,) = [one for one in resources if one["kind"] == kind and one["metadata"]["name"].startswith(name)]
    return copy.deepcopy(found)
