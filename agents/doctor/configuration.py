"""The configuration: settings and the parameter file."""

from collections.abc import Iterator

from agents import brands, settings
from agents.doctor.finding import CheckState, Finding
from agents.errors import ConfigError
from agents.settings import Settings


def names() -> Iterator[Finding]:
    """Look for FANPULSE_* variables that are not settings."""
    unknown = settings.unknown()
    if unknown:
        remedy = "check the spelling; `fanpulse config show` lists all settings"
        yield Finding("settings", CheckState.WARN, f"unknown settings: {', '.join(unknown)}", remedy)


def values(given: Settings) -> Iterator[Finding]:
    """Count the settings that differ from their default."""
    default = Settings().shown()
    changed = [name for name, value in given.shown().items() if value != default[name]]
    yield Finding("settings", CheckState.OK, f"{len(changed)} of {len(default)} differ from their defaults")


def parameters(given: Settings) -> Iterator[Finding]:
    """Read the parameter file as the worker would."""
    try:
        file = brands.load(given)
    except ConfigError as error:
        yield Finding("parameters", CheckState.FAIL, str(error), "correct the file, or unset FANPULSE_PARAMS")
        return
    message = f"{given.params}: {len(file.brands)} brand(s)" if given.params else "no file: defaults for every brand"
    yield Finding("parameters", CheckState.OK, message)
