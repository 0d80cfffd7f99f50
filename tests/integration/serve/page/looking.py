"""How tests open the page, and how wide their windows are."""

from tests.ground.processes import Running, until
from tests.integration.serve.asking import SOON_S
from tests.integration.serve.page.browser import Browser

WIDTHS = {"laptop": (1400, 900), "tablet": (800, 1180), "phone": (360, 780)}


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
