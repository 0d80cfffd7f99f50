"""Claims about the page at 5,000 events a second: little CPU, no growing memory, no layout shifts."""

import time

import pytest

from tests.integration.serve.asking import metric
from tests.integration.serve.outputs import Writer
from tests.integration.serve.page.browser import WIDTHS, Browser, address, shifted
from tests.support.processes import Processes, Running, until

RATE = 5000
STARTED_S = 90.0
WARM_UP_S = 10.0  # not measured
GROWN_BYTES = 4_000_000  # of the page's heap after a collection: the charts' five minutes included


@pytest.mark.parametrize(
    ("seconds", "most_core"),
    [(20.0, 0.3), pytest.param(300.0, 0.25, marks=pytest.mark.full)],
    ids=["generous, for a busy machine", "the bar"],
)
def test_the_page_under_5000_events_a_second(
    browser: Browser, processes: Processes, writer: Writer, seconds: float, most_core: float
) -> None:
    processes.worker()
    serve = processes.serve()
    browser.resize(*WIDTHS["laptop"])
    browser.open(address(serve))
    load = processes.command("simulate", "--rate", str(RATE), "--history-days", "0", "--no-burst", "--json")
    until(lambda: rate(browser) > RATE / 2, STARTED_S, lambda: f"events, not {browser.texts('#tile-rate')}")
    until(lambda: len(browser.rows("top")) == 10, STARTED_S, "fans")
    _watch(browser, serve, WARM_UP_S)
    began, cpu, heap = time.monotonic(), cpu_of(serve), memory(browser)
    browser.run("window.shifts = []")
    rates = _watch(browser, serve, seconds)
    core = (cpu_of(serve) - cpu) / (time.monotonic() - began)
    grown = memory(browser)["JSHeapUsedSize"] - heap["JSHeapUsedSize"]
    nodes = memory(browser)["Nodes"] - heap["Nodes"]
    lag = metric(serve, 'fanpulse_serve_lag_messages{topic="fan-scores"}')
    print(f"{sum(rates) / len(rates):.0f} events/s for {seconds:.0f} s; serve {core:.1%} of a core; heap "
          f"{heap['JSHeapUsedSize'] / 1e6:.1f} MB, grown {grown / 1e6:+.2f} MB, nodes {nodes:+.0f}; "
          f"CLS {shifted(browser):.4f}; the serving store lags by {lag:.0f} records")  # fmt: skip
    assert load.child.is_running, load.words()
    assert sum(rates) / len(rates) > RATE * 0.6, rates
    assert core < most_core
    assert grown < GROWN_BYTES
    assert nodes < 200
    assert shifted(browser) < 0.1, browser.run("return window.shifts")
    assert browser.complaints() == []


def _watch(browser: Browser, serve: Running, seconds: float) -> list[float]:
    """Return the rates that the page shows during this time; fail when serve ends."""
    rates: list[float] = []
    end = time.monotonic() + seconds

    def over() -> bool:
        rates.append(rate(browser))
        assert serve.child.is_running
        return time.monotonic() > end

    until(over, seconds + 30.0, "the time to pass")
    return rates


def rate(browser: Browser) -> float:
    text = browser.texts("#tile-rate")[0].replace(",", "")
    return float(text) if text.isdigit() else 0.0


def cpu_of(serve: Running) -> float:
    """Return the seconds of processor time that the serve process has used."""
    return metric(serve, "process_cpu_seconds_total")


def memory(browser: Browser) -> dict[str, float]:
    """Return the metrics of the page after a garbage collection."""
    browser.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    browser.driver.execute_cdp_cmd("Performance.enable", {})
    found = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return {one["name"]: float(one["value"]) for one in found}
