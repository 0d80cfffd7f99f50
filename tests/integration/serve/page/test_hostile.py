"""Claims about harmful fan ids: they are shown as text, with invisible characters spelled out."""

import pytest

from schemas.outputs.records import Evidence
from tests.agents.serve.outputs import flag, score
from tests.integration.serve.asking import SOON_S
from tests.integration.serve.outputs import Writer
from tests.integration.serve.page.browser import Browser, opened
from tests.support.processes import Running, until


def test_ids_are_text_and_never_markup(browser: Browser, serve: Running, writer: Writer) -> None:
    evil = "<img src=x onerror='window.harmed=1'>"
    opened(browser, serve)
    writer.write(score(evil, score=99.0), flag(evil, "x1", "negative", "raised", evidence=Evidence(0, 0, "e", evil)))
    until(lambda: browser.rows("angry")[0] == evil == browser.rows("top")[0], SOON_S, "the id is shown")
    browser.find("#top button").click()
    until(lambda: len(browser.texts("#fan .score")) == 1, SOON_S, "the dialog")
    assert browser.texts("#fan-id") == [evil]
    assert browser.run("return document.images.length") == 1
    assert browser.run("return window.harmed ?? null") is None
    assert browser.complaints() == []


@pytest.mark.parametrize(
    ("evil", "shown"),
    [
        ("weibo:\u202e001", "weibo:\\u202e001"),  # reverses the direction of text
        ("weibo:1\x00\x1b[31m\n", "weibo:1\\u0000\\u001b[31m\\u000a"),
        ("weibo:\u200b12", "weibo:\\u200b12"),  # would look like weibo:12
        ("\u05d0\u05d1\u05d2", "\u05d0\u05d1\u05d2"),  # Hebrew is right to left, and harmless
        ("小明\U0001f600", "小明\U0001f600"),
        ("x" * 64, "x" * 64),
    ],
)
def test_invisible_characters_are_spelled_out(
    browser: Browser, serve: Running, writer: Writer, evil: str, shown: str
) -> None:
    opened(browser, serve, "phone")
    writer.write(score(evil, score=99.0), flag(evil, "x1", "negative", "raised", evidence=Evidence(0, 0, "e", evil)))
    until(lambda: browser.rows("angry")[0] == shown == browser.rows("top")[0], SOON_S, lambda: browser.rows("top")[0])
    assert browser.texts("#angry .detail")[0] == f"severity 1 of 3 · post {shown}"
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    browser.run("document.querySelector('#top button').click()")
    until(lambda: len(browser.texts("#fan .score")) == 1, SOON_S, "the dialog asks for the true id")
    assert browser.texts("#fan-id") == [shown]
    assert browser.complaints() == []
