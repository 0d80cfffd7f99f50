"""Writes fitted parameters into the parameter file, and keeps everything else in it."""

import os
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from agents.errors import ConfigError

FITTED = ("churn_r", "churn_alpha", "churn_a", "churn_b", "activity_half_life", "alive_churned")


def read_table(path: Path) -> dict[str, Any]:
    """Return the tables of a parameter file; empty where there is no file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text()) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"parameter file {path}: {error}") from None


def write_fitted(path: Path, fitted: dict[str, dict[str, float]]) -> dict[str, int]:
    """Write each brand's fitted parameters into the file, and return each brand's new version.

    A version is one above the brand's last, and never the default's: outputs carry it, and readers must be able to
    tell the two apart. Comments do not survive.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    table = read_table(path)
    brands: dict[str, dict[str, Any]] = table.setdefault("brands", {})
    default = int(table.get("default", {}).get("version", 1))
    versions = {}
    for name, numbers in fitted.items():
        brand = brands.setdefault(name, {})
        versions[name] = max(int(brand.get("version", 1)), default) + 1
        brands[name] = {**brand, "version": versions[name], **numbers}
    written = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        written.write_text(tomli_w.dumps(table))
        written.replace(path)  # a worker that starts now reads the old file or the new one, never half of one
    except OSError as error:
        written.unlink(missing_ok=True)
        raise ConfigError(f"parameter file {path} cannot be written: {error.strerror}") from None
    return versions
