"""Writing what was learnt into the parameter file, beside what stands there."""

import os
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from agents.errors import ConfigError

LEARNT = ("churn_r", "churn_alpha", "churn_a", "churn_b", "activity_half_life", "alive_churned")


def read_table(path: Path) -> dict[str, Any]:
    """Return a parameter file as it is; empty where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text()) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"parameter file {path}: {error}") from None


def write_learnt(path: Path, learnt: dict[str, dict[str, float]]) -> dict[str, int]:
    """Put each brand's learnt numbers into the file, all else as it was; return each brand's new version.

    A version is one above the brand's last, and never the default's: outputs carry it, and readers must be able to
    tell the two apart. Comments do not survive.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    table = read_table(path)
    brands: dict[str, dict[str, Any]] = table.setdefault("brands", {})
    default = int(table.get("default", {}).get("version", 1))
    versions = {}
    for name, numbers in learnt.items():
        brand = brands.setdefault(name, {})
        versions[name] = max(int(brand.get("version", 1)), default) + 1
        brands[name] = {**brand, "version": versions[name], **numbers}
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_text(tomli_w.dumps(table))
        beside.replace(path)  # a worker that starts now reads the old file or the new one, never half of one
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigError(f"parameter file {path} cannot be written: {error.strerror}") from None
    return versions
