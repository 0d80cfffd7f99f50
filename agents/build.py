"""Which build this is: a metric that says so, for both processes."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector


def declare(registry: CollectorRegistry) -> None:
    """Put the build, the interpreter and the process (CPU, memory, start, descriptors) into a registry."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    build = Gauge("fanpulse_build_info", "Always 1; the label is the version", ["version"], registry=registry)
    build.labels(_version()).set(1)


def _version() -> str:
    try:
        return version("fanpulse")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "unknown"
