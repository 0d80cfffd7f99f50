"""Claims about the live page, in a real browser on real services."""

import os
from functools import partial
from itertools import product
from pathlib import Path

from tests.agents.serve.outputs import flag, score
from tests.integration.serve.asking import SOON_S
from tests.integration.serve.outputs import Writer
from tests.integration.serve.page.browser import ENTER, ESCAPE, TAB, WIDTHS, Browser, address, opened, shifted
from tests.support.processes import Processes, Running, until

CUT_SHORT = """
return [...document.querySelectorAll(".list .who")].filter((node) => node.scrollWidth > node.clientWidth)
  .map((node) => node.outerHTML);
"""
CUT_OFF = """
const parts = ".list .side, .list .mark, .tile b, .tile small, .panel h2, .legend b";
return [...document.querySelectorAll(parts)].filter((node) =>
  node.getBoundingClientRect().right > node.closest(".panel, .tile").getBoundingClientRect().right - 8)
  .map((node) => node.outerHTML);
"""


def test_the_page_fills_fits_and_leaves_the_console_clean(
    browser: Browser, serve: Running, writer: Writer, tmp_path: Path
) -> None:
    writer.write(score("wechat:1170571", score=95.0))  # as long as the ids of the demo
    for width, scheme in product(WIDTHS, ("light", "dark")):
        browser.prefer(scheme)
        opened(browser, serve, width)
        for name in ("angry", "leaving", "back", "tier", "gainers"):
            assert len(browser.rows(name)) == 8, name
        assert "usually comes every 3 days; silent for 16 days" in browser.texts("#leaving .detail")
        assert browser.texts("#angry .detail")[0] == "severity 1 of 3 · post p7"
        assert browser.texts("#tile-fans") == ["27"]
        assert browser.texts("#gainers .side")[0] == "+28.0"
        assert browser.texts("#gainers-note")[0].startswith("points gained since ")
        until(lambda: len(browser.texts(".plot canvas")) == 3, SOON_S, "the charts")
        assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth"), f"{width} is too narrow"
        assert browser.run(CUT_OFF) == [], f"text leaves its panel at {width}"
        folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
        assert browser.run(CUT_SHORT) == [], f"an id is cut short at {width}"
        assert shifted(browser) < 0.1, browser.run("return window.shifts")
        assert browser.driver.save_screenshot(str(folder / f"page-{width}-{scheme}.png"))
    assert browser.complaints() == []


def test_it_continues_without_reload_after_serve_restarts(browser: Browser, serve: Running, writer: Writer) -> None:
    opened(browser, serve)
    browser.run("window.same = true")
    serve.terminate()
    until(lambda: browser.state() == "reconnecting …", SOON_S, browser.state)
    writer.write(flag("weibo:5", "z1", "negative", "raised"), score("weibo:new", score=95.0))
    serve.start()
    until(lambda: browser.state() == "live" and browser.rows("top")[0] == "weibo:new", 30.0, browser.state)
    until(lambda: browser.rows("angry")[0] == "weibo:5", SOON_S, "what was written meanwhile")
    assert browser.run("return window.same")
    assert [message for message in browser.complaints() if "ERR_" not in message] == []


def test_everything_can_be_reached_by_keyboard(browser: Browser, serve: Running) -> None:
    opened(browser, serve)
    for _ in range(60):
        browser.press(TAB)
        if browser.run("return document.activeElement.closest('#leaving') !== null"):
            break
    else:
        raise AssertionError("no row of a list was reached")
    chosen = browser.run("return document.activeElement.querySelector('.who').textContent")
    until(lambda: "paused" in browser.texts("#leaving-note")[0], SOON_S, "the list is paused")
    browser.press(ENTER)
    until(lambda: len(browser.texts("#fan .bars li")) == 5, SOON_S, "the parts of the score")
    assert browser.texts("#fan-id") == [chosen]
    assert len(browser.texts("#fan .flags li")) == 4
    browser.press(ESCAPE)
    assert not browser.run("return document.getElementById('fan').open")
    assert browser.run("return document.activeElement.querySelector('.who')?.textContent") == chosen


def test_both_languages_have_every_text(browser: Browser, serve: Running) -> None:
    opened(browser, serve)
    browser.find("#language").click()
    assert browser.texts("#leaving-title") == ["正在流失"]
    assert browser.run("return document.documentElement.lang") == "zh-CN"
    until(
        lambda: any("已沉默16天" in message for message in browser.texts("#leaving .detail")),
        SOON_S,
        "the sentence in Chinese",
    )
    names = """
      const { LANGUAGES } = await import("/page/words.js");
      const names = (words, at = "") => Object.entries(words).flatMap(([name, word]) =>
        typeof word === "object" && name !== "problems" ? names(word, `${at}${name}.`) : [`${at}${name}`]);
      return [names(LANGUAGES.en).sort(), names(LANGUAGES.zh).sort()];
    """
    english, chinese = browser.run(f"return (async () => {{ {names} }})()")
    assert english == chinese
    browser.driver.refresh()
    assert browser.texts("#leaving-title") == ["正在流失"], "the choice is remembered"
    assert browser.complaints() == []


def test_nothing_jumps_under_many_events(browser: Browser, serve: Running, writer: Writer) -> None:
    opened(browser, serve)
    for round_ in range(20):
        writer.write(
            *(score(f"weibo:{n}", 2 + round_, score=10.0 + (7 * n + 31 * round_) % 90) for n in range(100)),
            *(flag(f"weibo:{n}", f"{round_}-{n}", "negative", "raised") for n in range(25)),
            *(flag(f"weibo:{n}", f"{round_}-{n}", "churn", "churned") for n in range(25)),
        )
    until(lambda: browser.texts("#tile-fans") == ["109"], SOON_S, "all fans are known")
    until(lambda: float(browser.texts("#top .side")[0]) > 98.0, SOON_S, "the lists have moved")
    assert shifted(browser) < 0.01, browser.run("return window.shifts")
    assert browser.complaints() == []


def test_events_per_second_are_counted_from_the_input_topics(browser: Browser, serve: Running, writer: Writer) -> None:
    opened(browser, serve)

    def seen() -> bool:
        for _ in range(50):
            writer.producer.send(writer.names.leading_input, key=b"miot:a", value=b"{}")
        writer.producer.flush()
        return browser.texts("#tile-rate")[0].isdigit() and browser.texts("#tile-rate")[0] != "0"

    until(seen, SOON_S, "a rate")
    until(lambda: browser.texts("#traffic-legend b")[0] != "0", SOON_S, "likes in the legend")


def test_the_page_opens_after_signing_in_with_the_token(browser: Browser, processes: Processes, writer: Writer) -> None:
    writer.write(score("weibo:1"))
    serve = processes.serve(WEB_TOKEN="sesame")
    browser.open(address(serve))
    browser.find("input[name=token]").send_keys("sesame", ENTER)
    until(partial(_shows, browser, "weibo:1"), SOON_S, "the page")
    assert [message for message in browser.complaints() if "401" not in message] == []


def _shows(browser: Browser, fan: str) -> bool:
    return browser.rows("top") == [fan] and browser.state() == "live"
