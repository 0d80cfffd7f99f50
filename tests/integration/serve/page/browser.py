"""A real headless Chromium: opening the page, reading it as a person would, and checking its accessibility."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.integration.serve.asking import SOON_S
from tests.needed import need
from tests.support.processes import Running, until

TAB, ENTER, ESCAPE = Keys.TAB, Keys.ENTER, Keys.ESCAPE
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTHS = {"laptop": (1400, 900), "tablet": (800, 1180), "phone": (360, 780)}
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(
  [entry.value, ...entry.sources.map((source) => source.node?.outerHTML?.slice(0, 80))])))
  .observe({ type: "layout-shift", buffered: true });
"""

RUN_AXE = """
const done = arguments[arguments.length - 1];
const where = (violation) => violation.nodes.slice(0, 3).map((node) => node.html).join(" ");
axe.run(document).then(
  (found) => done(found.violations.map((violation) => `${violation.id}: ${violation.help}: ${where(violation)}`)),
  (error) => done([String(error)]));
"""


class Browser:
    """One page in one window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all matches, as one moment of the page."""
        return list(self.run(f"return [...document.querySelectorAll({selector!r})].map((node) => node.textContent)"))

    def rows(self, name: str) -> list[str]:
        """Return the fans that a list shows."""
        return self.texts(f"#{name} li:not(.empty) button:not(:disabled) .who")

    def state(self) -> str:
        return self.texts("#state-text")[0]

    def press(self, *keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str) -> None:
        """Set light or dark."""
        wanted = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def complaints(self) -> list[str]:
        """Return the console's messages since the last time, warnings and errors."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]  # type: ignore[no-untyped-call]


@contextmanager
def chromium(directory: Path) -> Iterator[Browser]:
    """Start a browser that knows nothing."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    need(binary, "Chromium is missing: apt-get install chromium")
    need(driver, "Chromium's driver is missing: apt-get install chromium-driver")
    assert binary
    assert driver
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={directory}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SHIFTS})
        yield Browser(chrome)
    finally:
        chrome.quit()


def address(serve: Running) -> str:
    return f"http://127.0.0.1:{serve.port}/"


def opened(browser: Browser, serve: Running, width: str = "laptop") -> None:
    """Open the page and wait until it is filled."""
    browser.resize(*WIDTHS[width])
    browser.open(f"{address(serve)}?brand=miot")
    until(lambda: len(browser.rows("top")) == 10 and browser.state() == "live", SOON_S, browser.state)


def shifted(browser: Browser) -> float:
    """Return by how much the page's parts were moved so far, as browsers add it up (CLS): below 0.1 is good."""
    return float(browser.run("return window.shifts.reduce((sum, shift) => sum + shift[0], 0)"))


@cache
def axe_script() -> str:
    need(find_spec("axe_core_python"), "axe-core is missing: pip install axe-core-python")
    return (files("axe_core_python") / "axe.min.js").read_text()


def violations(browser: Browser) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now."""
    browser.driver.execute_script(axe_script())
    return list(browser.driver.execute_async_script(RUN_AXE))
