"""A Kafka of the suite's own, a trial per scenario, and the table at the end."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from agents.embedded.kafka import Kafka
from tests.chaos.ground.result import Result, table, write
from tests.chaos.ground.trial import Trial
from tests.ground.installation import fresh
from tests.ground.processes import Processes
from tests.ground.servers import kafka

__all__ = ["kafka"]

RESULTS: list[Result] = []
STARTED: list[Processes] = []
TABLE = Path(__file__).parents[2] / ".data" / "chaos.txt"

Make = Callable[..., Trial]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often each scenario runs, and where the table goes."""
    parser.addoption("--repeats", type=int, default=1, help="runs of each chaos scenario")
    parser.addoption("--table", type=Path, default=TABLE, help="file that the chaos table is written to")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each scenario as often as asked for."""
    repeats = metafunc.config.getoption("repeats")
    if repeats > 1 and {"trial", "make"} & set(metafunc.fixturenames):
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", [f"run {n}" for n in range(1, repeats + 1)])


@pytest.fixture
def make(kafka: Kafka, tmp_path: Path) -> Iterator[Make]:
    """Return what makes a trial of a name; settings may differ from the suite's."""
    first = len(STARTED)

    def make(name: str, **settings: object) -> Trial:
        installation = fresh(tmp_path, kafka.bootstrap, SETTLE_S=0.3, TICK_S=1, **settings)
        installation.create_topics()
        STARTED.append(Processes(installation))
        return Trial(name, installation, STARTED[-1], RESULTS)

    yield make
    for processes in STARTED[first:]:
        processes.end()


@pytest.fixture
def trial(make: Make, request: pytest.FixtureRequest) -> Trial:
    """A trial named as its test."""
    name: str = request.node.name.removeprefix("test_").replace("_", " ")
    return make(name.replace("[", ": ").rstrip("]"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the workers said when a scenario fails."""
    report = yield
    if report.failed and call.when == "call" and "make" in getattr(item, "funcargs", {}):
        report.sections += [(f"log of {one.name}", one.words(25)) for one in STARTED[-1].all]
    return report


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print the table, and write it to a file."""
    if RESULTS:
        write(RESULTS, config.getoption("table"))
        Console(width=220).print(table(RESULTS))
