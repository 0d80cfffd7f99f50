"""axe-core in the real browser: what keeps people with a screen reader, or without a mouse, from using a page."""

from functools import cache
from importlib.resources import files
from importlib.util import find_spec

from tests.integration.serve.page.browser import Browser
from tests.needed import need

RUN = """
const done = arguments[arguments.length - 1];
const where = (one) => one.nodes.slice(0, 3).map((node) => node.html).join(" ");
axe.run(document).then(
  (found) => done(found.violations.map((one) => `${one.id}: ${one.help}: ${where(one)}`)),
  (error) => done([String(error)]));
"""


@cache
def script() -> str:
    need(find_spec("axe_core_python"), "axe-core is missing: pip install axe-core-python")
    return (files("axe_core_python") / "axe.min.js").read_text()


def violations(browser: Browser) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now."""
    browser.driver.execute_script(script())
    return list(browser.driver.execute_async_script(RUN))
