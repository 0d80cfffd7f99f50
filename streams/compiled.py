"""The only import of numba: typed decorators, and a cache that notices an edit in any rule or another model.

numba's own cache key covers one file, and neither the values of globals nor the functions that a kernel calls. So the
cache directory is named by a fingerprint of all sources, and kernels composed of a model get one of sources and model.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("schemas/**/*.py"), *ROOT.glob("streams/**/*.py")])
BOUNDS_CHECKED = bytes([bool(numba.config.BOUNDSCHECK)])  # type: ignore[attr-defined]  # not in numba's key either
FINGERPRINT = sha256(BOUNDS_CHECKED + b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:12]


def _use_cache(name: str) -> None:
    numba.config.CACHE_DIR = str(ROOT / ".numba" / name)  # type: ignore[attr-defined]


_use_cache(FINGERPRINT)


def compiled(function: F) -> F:
    """Compile ``function`` at its first call; with NUMBA_DISABLE_JIT=1 it stays plain Python."""
    return cast("F", numba.njit(cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: F) -> F:
    """Compile a function into each kernel that calls it: a call would count references to every array it passes."""
    return cast("F", numba.njit(error_model="numpy", nogil=True, inline="always")(function))


def link(function: F) -> F:
    """Compile a function that a factory made, as a part of kernels that call it; it is never cached by itself."""
    return cast("F", numba.njit(error_model="numpy", nogil=True)(function))


@contextmanager
def cache_of(model: bytes) -> Iterator[None]:
    """Cache the kernels that are declared meanwhile apart from those of other models; ``model`` describes it."""
    _use_cache(sha256(FINGERPRINT.encode() + model).hexdigest()[:12])
    try:
        yield
    finally:
        _use_cache(FINGERPRINT)
