"""Claims about the page with a real worker: its latency and lag, and a worker that dies."""

from tests.integration.serve.outputs import Writer
from tests.integration.serve.page.browser import Browser, address
from tests.support.processes import Processes, until

SEEN_S = 45.0  # a worker's session ends after 6 s, and the page asks for workers every 5


def test_a_dead_worker_is_shown_and_its_return_needs_no_reload(
    browser: Browser, processes: Processes, writer: Writer
) -> None:
    worker, serve = processes.worker(), processes.serve()
    load = processes.command("simulate", "--rate", "40", "--history-days", "2", "--fans", "60", "--json")
    browser.open(address(serve))
    until(lambda: browser.texts("#workers") == ["1 worker"] and bool(browser.rows("top")), SEEN_S, "a worker, and fans")
    browser.run("window.same = true")
    until(lambda: 0 <= measure_wait(browser) < 5, SEEN_S, lambda: f"a short wait, not {browser.texts('#tile-wait')}")
    worker.kill()
    until(
        lambda: measure_wait(browser) > 5, SEEN_S, lambda: f"events that wait count, not {browser.texts('#tile-wait')}"
    )
    until(lambda: number(browser, "#tile-lag") > 200, SEEN_S, lambda: f"a lag, not {browser.texts('#tile-lag')}")
    until(lambda: browser.texts("#workers") == ["0 workers"], SEEN_S, "no worker")
    worker.start()
    until(lambda: browser.texts("#workers") == ["1 worker"], SEEN_S, "the worker is back")
    until(lambda: number(browser, "#tile-lag") < 100, SEEN_S, lambda: f"no lag, not {browser.texts('#tile-lag')}")
    until(
        lambda: 0 <= measure_wait(browser) < 5, SEEN_S, lambda: f"a short wait again, not {browser.texts('#tile-wait')}"
    )
    assert load.child.is_running
    assert browser.run("return window.same")
    assert browser.complaints() == []
    assert "median" in str(browser.find("#wait-chart").get_attribute("aria-label"))


def measure_wait(browser: Browser) -> float:
    """Return the seconds that the page shows as the wait; -1 while it shows none."""
    text = browser.texts("#tile-wait")[0]
    return float(text.removesuffix(" s").replace(",", "").replace("<", "")) if text.endswith(" s") else -1.0


def number(browser: Browser, selector: str) -> int:
    text = browser.texts(selector)[0].replace(",", "")
    return int(text) if text.isdigit() else -1
