"""The parameter file: what each brand tunes, in TOML, read once at start."""

from pathlib import Path

import msgspec
from msgspec import Struct

from agents.errors import ConfigError
from agents.settings import Settings
from streams.params import Brand, Brands, Params

PLATFORMS = ("weibo", "wechat", "tmall", "offline")


class ParamsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: ``[default]`` for brands it does not name, ``[brands.NAME]`` for those it does.

    ``platforms`` are those that metrics name; all others count as ``other``.
    """

    platforms: tuple[str, ...] = PLATFORMS
    default: Params = Params()
    brands: dict[str, Brand] = {}


def load(settings: Settings) -> ParamsFile:
    """Return the parameter file of FANPULSE_PARAMS, or the defaults where none is named.

    Raises:
        ConfigError: the file cannot be read, or something in it is not as it must be.
    """
    if not settings.params:
        return ParamsFile()
    path = Path(settings.params).expanduser()
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=ParamsFile)
    except OSError as error:
        raise ConfigError(f"parameter file {path}: {error.strerror} (FANPULSE_PARAMS)") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"parameter file {path}: {error} (FANPULSE_PARAMS)") from None
    for name in file.brands:
        if not name or ":" in name or len(name) > 64:
            raise ConfigError(f"parameter file {path}: {name!r} is no brand_id (1 to 64 characters, no ':')")
    return file


def brands(file: ParamsFile) -> Brands:
    """Return the brands as the kernel reads them."""
    return Brands(file.brands, file.default)
