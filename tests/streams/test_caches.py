"""The cache of compiled kernels knows the model: other lists get other kernels, a second start compiles nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streams.compiled import FINGERPRINT
from tests.streams.random_histories import history

ROOT = Path(__file__).parents[2]

# In processes of their own, over a copy of the sources, whose cache is empty: the cache stands next to the sources.
WORK = """
import json, sys
from streams.fans import composed
from streams.fans.model import MODEL
from tests.streams.model.composed import TEST_MODEL
from tests.streams.random_histories import run

model = TEST_MODEL if sys.argv[1] == "test" else MODEL
answers = run(json.loads(sys.stdin.read()), model)

def kernels():
    modules = [m for name, m in list(sys.modules.items()) if name.startswith(("streams.", "tests.streams.model."))]
    for module in [*modules, *composed._loaded.values()]:
        for kernel in vars(module).values():
            if type(kernel).__name__ == "CPUDispatcher" and kernel.overloads:
                yield kernel

stats = [kernel.stats for kernel in set(kernels())]
print(json.dumps({"answers": answers, "hits": sum(sum(s.cache_hits.values()) for s in stats),
                  "misses": sum(sum(s.cache_misses.values()) for s in stats)}))
"""


def work(root: Path, model: str, *, plain: bool = False) -> dict[str, object]:
    environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_DISABLE_JIT": "1" if plain else "0"}
    ran = subprocess.run(
        [sys.executable, "-c", WORK, model],
        input=json.dumps(history(5)),
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, object] = json.loads(ran.stdout)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a copy of the sources without a cache."""
    for name in ("schemas", "streams", "tests/streams"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_models_share_a_cache_root_and_a_second_start_compiles_nothing(root: Path) -> None:
    first = {model: work(root, model) for model in ("production", "test")}
    second = {model: work(root, model) for model in ("test", "production")}
    for model, found in second.items():
        assert found["answers"] == first[model]["answers"] == work(root, model, plain=True)["answers"]
        assert (found["misses"], first[model]["hits"] != found["hits"]) == (0, True), model
    assert first["production"]["answers"] != first["test"]["answers"]
    caches = {path.name for path in (root / ".numba").iterdir()}
    assert FINGERPRINT in caches
    assert len(caches) == 3, "one of the sources alone, one of each model"
