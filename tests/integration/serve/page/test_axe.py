"""Claims about who can use the page: everyone, in both languages, in light and in dark, on a phone too."""

from itertools import product

from tests.integration.serve.asking import SOON_S
from tests.integration.serve.page.browser import ESCAPE, Browser, address, opened, violations
from tests.support.processes import Running, until


def test_axe_finds_nothing_wrong_with_page_explanation_and_fan(browser: Browser, serve: Running) -> None:
    for width, scheme in product(("laptop", "phone"), ("light", "dark")):
        browser.prefer(scheme)
        opened(browser, serve, width)
        assert violations(browser) == [], (width, scheme)
        browser.find("#wait-ask").click()
        assert "broker" in browser.find("#wait-why").text
        assert violations(browser) == [], (width, scheme, "explanation")
        browser.press(ESCAPE)
        browser.run("document.querySelector('#top button').click()")
        until(lambda: len(browser.texts("#fan .bars li")) == 5, SOON_S, "the dialog")
        assert violations(browser) == [], (width, scheme, "fan")
    browser.press(ESCAPE)
    browser.find("#language").click()
    assert violations(browser) == [], "Chinese"


def test_axe_finds_nothing_wrong_with_lists_that_are_empty(browser: Browser, serve: Running) -> None:
    browser.open(f"{address(serve)}?brand=lumen")
    until(lambda: browser.rows("top") == ["only"], SOON_S, "the brand's one fan")
    assert browser.texts("#leaving .who")[:2] == ["nobody is leaving yet", ""]
    assert violations(browser) == []


def test_axe_finds_deliberate_mistakes(browser: Browser, serve: Running) -> None:
    opened(browser, serve)
    browser.run("document.getElementById('brand').parentElement.replaceWith(document.getElementById('brand'))")
    browser.run("document.getElementById('tile-fans').style.color = 'rgb(230,230,230)'")
    found = violations(browser)
    assert any(violation.startswith("select-name:") for violation in found), found
    assert any(violation.startswith("color-contrast:") for violation in found), found
