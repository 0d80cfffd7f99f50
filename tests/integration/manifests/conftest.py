"""What the validators need, made once: the manifests as kustomize builds them, and the custom kinds' schemas."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.integration.manifests.places import KUBERNETES, OVERLAY, ROOT, Resource, Validate, call, kustomize
from tests.needed import need

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def base() -> list[Resource]:
    """The base, built."""
    return kustomize(KUBERNETES / "base")


@pytest.fixture(scope="session")
def production() -> list[Resource]:
    """The overlay for production, built."""
    return kustomize(OVERLAY)


@pytest.fixture(scope="session")
def custom() -> Validate:
    """Validate resources of custom kinds; a sentence for each that is wrong, None for each that is not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    need(node and npm, "node and npm are not there")
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(NODE.iterdir()))).hexdigest()[:12]
    place = ROOT / ".cache" / f"manifests-node-{mark}"
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(NODE, place)
        got = call(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=place)
        assert got.returncode == 0, got.stderr
        (place / "ready").touch()

    def validate(resources: list[Resource]) -> list[str | None]:
        result = call(node, "validate.mjs", given=json.dumps(resources), cwd=place)
        assert result.returncode == 0, result.stderr
        problems: list[str | None] = json.loads(result.stdout)
        return problems

    return validate
