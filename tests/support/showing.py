"""Shows what the processes of a test printed, when it fails."""

from collections.abc import Generator

import pytest

from tests.support.processes import Processes

LINES = 40


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the last lines of each log to the report of a failure."""
    report = yield
    if report.failed and call.when == "call":
        for given in getattr(item, "funcargs", {}).values():
            for started in given if isinstance(given, list) else [given]:
                if isinstance(started, Processes):
                    report.sections += [(f"log of {one.name}", one.words(LINES)) for one in started.all]
    return report
