"""Modules of kernels that are composed of a model: each is executed once per model, and its code cached apart.

numba caches functions of a module, not those that a factory makes, so a module is the unit of composition. It asks
``composing()`` for the model while it runs.
"""

from importlib.util import find_spec, module_from_spec
from types import ModuleType

from streams.compiled import cache_of
from streams.fans.model import MODEL, Model

_composing: list[Model] = []
_loaded: dict[tuple[str, bytes], ModuleType] = {}


def composing() -> Model:
    """Return the model that the module which runs now is composed of."""
    return _composing[-1] if _composing else MODEL


def load(name: str, model: Model) -> ModuleType:
    """Return the module of kernels ``name``, composed of a model."""
    key = name, model.fingerprint
    if key not in _loaded:
        spec = find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        _composing.append(model)
        try:
            with cache_of(model.fingerprint):
                spec.loader.exec_module(module)
        finally:
            _composing.pop()
        _loaded[key] = module
    return _loaded[key]
