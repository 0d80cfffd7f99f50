"""What we were given: settings and the parameter file."""

from collections.abc import Iterator

from agents import brands, settings
from agents.cli.check.findings.finding import Finding, State
from agents.errors import ConfigError
from agents.settings import Settings


def names() -> Iterator[Finding]:
    """Look for FANPULSE_* names that are no settings."""
    unknown = settings.unknown()
    if unknown:
        remedy = "look for a slip of the pen; `fanpulse config show` lists all names"
        yield Finding("settings", State.WARN, f"no such settings: {', '.join(unknown)}", remedy)


def values(given: Settings) -> Iterator[Finding]:
    """Count the settings that are not at their default."""
    default = Settings().shown()
    changed = [name for name, value in given.shown().items() if value != default[name]]
    yield Finding("settings", State.OK, f"{len(changed)} of {len(default)} differ from their defaults")


def parameters(given: Settings) -> Iterator[Finding]:
    """Read the parameter file as the worker would."""
    try:
        file = brands.load(given)
    except ConfigError as error:
        yield Finding("parameters", State.FAIL, str(error), "correct the file, or unset FANPULSE_PARAMS")
        return
    said = f"{given.params}: {len(file.brands)} brand(s)" if given.params else "none given: defaults for every brand"
    yield Finding("parameters", State.OK, said)
