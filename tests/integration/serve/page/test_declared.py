"""What a model declares appears on the page in a real browser, without an edit of the page."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from aiokafka import TopicPartition

from agents.serve.app import application
from agents.serve.metrics import Heartbeat
from agents.serve.page_model import PageModel
from agents.supervise.ports import LOOPBACK, free_port
from tests.agents.serve.fakes import BRAND, FakeQueries, page_model
from tests.agents.serve.outputs import flag
from tests.integration.serve.asking import SOON_S
from tests.integration.serve.page.browser import Browser
from tests.streams.model.composed import TEST_MODEL
from tests.support.processes import until

START = 1_732_180_000_000  # epoch ms


def populated() -> PageModel:
    """Return the page model of the test model: a flag of its rule, and traffic of its input."""
    queries = FakeQueries()
    queries.angry_flags = [flag("weibo:7", "f7", "test-pinged", "pinged", "quiet", reason="pings")]
    model = page_model(queries, TEST_MODEL)
    for second in range(3):
        ends = {TopicPartition("likes", 0): 30 * second, TopicPartition("test-pings", 0): 70 * second}
        model.rates.add(START + 1000 * second, {}, ends, {})
    return model


@contextmanager
def served(model: PageModel) -> Iterator[str]:
    """Serve a page model from a thread; yield the page's address."""
    loop, port = asyncio.new_event_loop(), free_port()
    runner = web.AppRunner(application(model, ""), access_log=None)

    async def start() -> asyncio.Task[None]:
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port).start()
        return asyncio.create_task(model.run(Heartbeat(30.0)))

    async def stop(task: asyncio.Task[None]) -> None:
        task.cancel()
        await model.close()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    task = asyncio.run_coroutine_threadsafe(start(), loop).result(SOON_S)
    try:
        yield f"http://{LOOPBACK}:{port}/?brand={BRAND}"
    finally:
        asyncio.run_coroutine_threadsafe(stop(task), loop).result(SOON_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SOON_S)
        loop.close()


def test_a_new_input_is_a_band_and_a_new_flag_category_a_list(browser: Browser) -> None:
    with served(populated()) as url:
        browser.resize(1400, 900)
        browser.open(url)
        until(lambda: browser.rows("test-list") == ["weibo:7"], SOON_S, lambda: str(browser.texts(".list h2")))
        assert browser.texts("#test-list-title") == ["test-list"]
        assert browser.texts("#test-list .mark")[0] == "pinged"
        assert browser.texts("#test-list .detail")[0] == "pings"
        legend = ["likes", "reposts", "comments", "purchases", "test-pings"]
        assert browser.texts("#traffic-legend span") == legend
        assert browser.texts("#traffic-legend b") == ["30", "0", "0", "0", "70"]
        assert browser.texts("#tile-rate") == ["100"]
        colours = "return [...document.querySelectorAll('#traffic-legend i')].map((one) => one.style.background)"
        assert len(set(browser.run(colours))) == len(legend)
        assert browser.texts("#angry .who")[0] == "weibo:7", "a list of index.html is filled as before"
        browser.find("#language").click()
        assert browser.texts("#traffic-legend span") == ["点赞", "转发", "评论", "购买", "test-pings"]
        assert browser.complaints() == []
