"""The parameter file: what each brand tunes, in TOML, read once at start. Its fields derive from the model's rules."""

from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct

from agents.errors import ConfigError
from agents.settings import Settings
from streams.fans.model import MODEL, Model
from streams.fans.params import Brands, Params

PLATFORMS = ("weibo", "wechat", "tmall", "offline")


class ParamsFile(Struct, frozen=True):
    """The file: ``[default]`` for brands it does not name, ``[brands.NAME]`` for those it does.

    ``platforms`` are those that metrics name; all others count as ``other``.
    """

    platforms: tuple[str, ...]
    default: Params
    brands: dict[str, Params]


def load(settings: Settings, model: Model = MODEL) -> ParamsFile:
    """Return the parameter file of FANPULSE_PARAMS, or the defaults where none is named.

    Raises:
        ConfigError: the file cannot be read, or a value in it is unknown, of the wrong type, out of range, not finite,
            or contradicts another.
    """
    if not settings.params:
        return ParamsFile(PLATFORMS, model.params(), {})
    path = Path(settings.params).expanduser()
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_file_type(model))
    except OSError as error:
        raise ConfigError(f"parameter file {path}: {error.strerror} (FANPULSE_PARAMS)") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"parameter file {path}: {error} (FANPULSE_PARAMS)") from None
    for name in file.brands:
        if not name or ":" in name or len(name) > 64:
            raise ConfigError(f"parameter file {path}: {name!r} is not a brand_id (1 to 64 characters, no ':')")
    return file


def brands(file: ParamsFile, model: Model = MODEL) -> Brands:
    """Return the brands as the kernels read them."""
    return Brands(model.params_dtype, model.kinds, file.brands, file.default)


def _file_type(model: Model) -> type[ParamsFile]:
    params: Any = model.params
    fields: list[tuple[str, Any, Any]] = [
        ("platforms", tuple[str, ...], PLATFORMS),
        ("default", params, params()),
        ("brands", dict[str, model.brand], msgspec.field(default_factory=dict)),  # type: ignore[name-defined]
    ]
    made = msgspec.defstruct("ParamsFile", fields, bases=(ParamsFile,), frozen=True, forbid_unknown_fields=True)
    return cast("type[ParamsFile]", made)
