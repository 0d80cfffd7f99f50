"""The one door to numba: a typed decorator, and a cache that notices an edit in any rule."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

HOUSE = Path(__file__).parents[1]
# numba's own stamp covers one file: a kernel would keep the old code of a rule it calls from another.
SOURCES = sorted([*HOUSE.glob("schemas/*.py"), *HOUSE.glob("streams/**/*.py")])
CHECKED = bytes([bool(numba.config.BOUNDSCHECK)])  # type: ignore[attr-defined]  # not in numba's key either
DIGEST = sha256(CHECKED + b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:12]
numba.config.CACHE_DIR = str(HOUSE / ".numba" / DIGEST)  # type: ignore[attr-defined]


def compiled(function: F) -> F:
    """Compile ``function`` at its first call; with NUMBA_DISABLE_JIT=1 it stays plain Python."""
    return cast("F", numba.njit(cache=True, error_model="numpy", nogil=True)(function))
