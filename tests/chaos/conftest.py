"""A Kafka of the suite's own, a scenario per scenario, and the table at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from rich.console import Console

from agents.embedded.kafka import Kafka
from agents.supervise.ports import free_ports
from tests.chaos.fixtures.proxy import Proxy, add_listener
from tests.chaos.fixtures.result import Result, table, write
from tests.chaos.fixtures.scenario import Make, Scenario
from tests.support.installation import fresh
from tests.support.processes import Processes
from tests.support.servers import running
from tests.support.showing import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]

TABLE = Path(__file__).parents[2] / ".data" / "chaos.txt"
RESULT = "chaos"  # the property of a report that holds a result
QUICK = {"log.cleaner.backoff.ms": "500"}  # compaction is looked for twice a second, not every 15 s


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often each scenario runs, and where the table goes."""
    parser.addoption("--repeats", type=int, default=1, help="runs of each chaos scenario")
    parser.addoption("--table", type=Path, default=TABLE, help="file that the chaos table is written to")
    parser.addoption("--minutes", type=float, default=30, help="length of the soak")
    parser.addoption("--bars", action="store_true", help="a figure above its bar fails (on a quiet machine)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each scenario as often as asked for."""
    repeats = metafunc.config.getoption("repeats")
    if repeats > 1 and {"scenario", "make"} & set(metafunc.fixturenames):
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", [f"run {n}" for n in range(1, repeats + 1)])


@pytest.fixture(scope="session")
def ports() -> tuple[int, int]:
    """The two ends of the proxy: where workers connect, where the broker listens."""
    outside, inside = free_ports(2)
    return outside, inside


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[Kafka]:
    """A broker with a listener for those who come by the proxy."""
    outside, inside = ports
    broker = Kafka(tmp_path_factory.mktemp("kafka"))
    broker.extra = {**QUICK, **add_listener(broker.listeners, inside, outside)}
    with running(broker):
        yield broker


@pytest.fixture
def proxy(kafka: Kafka, ports: tuple[int, int]) -> Iterator[Proxy]:
    """A proxy to the broker that can be made to lose requests or answers."""
    one = Proxy(*ports)
    one.start()
    yield one
    one.close()


@pytest.fixture
def started() -> Iterator[list[Processes]]:
    """All that a scenario starts."""
    all_of_them: list[Processes] = []
    yield all_of_them
    for processes in all_of_them:
        processes.end()


@pytest.fixture
def make(
    kafka: Kafka,
    tmp_path: Path,
    started: list[Processes],
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> Iterator[Make]:
    """Return what makes a scenario of a name; settings may differ from the suite's."""
    scenarios: list[Scenario] = []

    def make(name: str, **settings: object) -> Scenario:
        installation = fresh(tmp_path, kafka.bootstrap, "", **{"PUBLISH_DELAY_S": 0.3, "TICK_S": 1, **settings})
        installation.create_topics()
        started.append(Processes(installation))
        scenarios.append(Scenario(name, installation, started[-1]))
        return scenarios[-1]

    yield make
    for scenario in scenarios:
        if scenario.is_judged:
            record_property(RESULT, structs.asdict(scenario.result))
    missed = [scenario.result.over for scenario in scenarios if scenario.result.over]
    assert not (missed and pytestconfig.getoption("bars")), missed


@pytest.fixture
def scenario(make: Make, request: pytest.FixtureRequest) -> Scenario:
    """A scenario named as its test."""
    name: str = request.node.name.removeprefix("test_").replace("_", " ")
    return make(name.replace("[", ": ").rstrip("]"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and write it to a file; results come with the reports, also from other processes."""
    reports = (report for some in terminalreporter.stats.values() for report in some)
    recorded = [report.user_properties for report in reports if getattr(report, "when", "") == "teardown"]
    results = [Result(**figures) for properties in recorded for name, figures in properties if name == RESULT]
    if results:
        write(results, config.getoption("table"))
        Console(width=260).print(table(results))
