"""Claims about the HTTP side that need no record: who may ask, bounds, headers, a Redis that is not there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import CookieJar, TCPConnector
from aiohttp.test_utils import TestClient, TestServer

from agents.errors import Exit, PortTakenError
from agents.serve.copy.connection import connect
from agents.serve.copy.keys import Keys
from agents.serve.copy.lookups import Lookups
from agents.serve.flow.traffic import Meter
from agents.serve.live import Live
from agents.serve.metrics import Metrics
from agents.serve.state import State
from agents.serve.web.app import application, listen
from agents.serve.web.stream import MOST_PAGES
from agents.settings import Settings
from agents.supervise.ports import LOOPBACK, free_port

CLOSED = "/livez", "/readyz"
ASKED = (
    "/",
    "/page/app.js",
    "/events?brand=miot",
    "/brands",
    "/brands/miot/top",
    "/brands/miot/at-risk",
    "/brands/miot/churned",
    "/brands/miot/angry",
    "/brands/miot/risers",
    "/brands/miot/flags",
    "/fans/miot/weibo%3A1",
    "/fans/miot/weibo%3A1/flags",
)

Client = TestClient[Any, Any]
Check = Callable[[Client, Live], Awaitable[None]]


def served(check: Check, token: str = "") -> None:
    """Run a check against the application, with a Redis address where nobody listens."""

    async def run() -> None:
        settings = Settings(redis_url=f"redis://{LOOPBACK}:{free_port()}/0", web_token=token)
        redis = connect(settings)
        live = Live(Lookups(redis, Keys(settings.names)), Meter({}), Metrics(), State())
        server = TestServer(application(settings, live))
        client = TestClient(server, cookie_jar=CookieJar(unsafe=True), connector=TCPConnector(limit=0))
        async with client:
            await check(client, live)
            await live.close()
        await redis.aclose()

    asyncio.run(run())


def test_everything_but_the_probes_asks_for_the_token() -> None:
    async def check(client: Client, _: Live) -> None:
        for path in ASKED:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer sésame"}):
                async with client.get(path, headers=headers) as answer:
                    assert answer.status == 401, path
        for path in CLOSED:
            async with client.get(path) as answer:
                assert answer.status != 401, path
        async with client.get("/page/app.js", headers={"Authorization": "Bearer sesame"}) as answer:
            assert answer.status == 200

    served(check, token="sesame")


def test_a_browser_signs_in_once_and_the_cookie_is_not_the_token() -> None:
    async def check(client: Client, _: Live) -> None:
        async with client.post("/sign-in", data={"token": "wrong"}) as answer:
            assert answer.status == 401
            assert "<form" in await answer.text()
        async with client.post("/sign-in", data={"token": "sesame"}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "sesame" not in cookie
        async with client.get("/") as answer:
            assert answer.status == 200

    served(check, token="sesame")


def test_without_a_token_there_is_nothing_to_sign_in_to() -> None:
    async def check(client: Client, _: Live) -> None:
        async with client.get("/") as answer:
            assert answer.status == 200
        async with client.post("/sign-in", data={"token": ""}) as answer:
            assert answer.status == 404

    served(check)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "ten", "", "9" * 5000, "٣"])
def test_a_limit_out_of_bounds_is_told_what_it_may_be(limit: str) -> None:
    async def check(client: Client, _: Live) -> None:
        for path in ("/brands/miot/top", "/brands/miot/angry", "/brands/miot/flags", "/fans/miot/a/flags"):
            async with client.get(path, params={"limit": limit}) as answer:
                assert answer.status == 400
                assert "from 1 to 500" in (await answer.json())["error"]

    served(check)


def test_an_unknown_path_or_shelf_is_answered_as_json() -> None:
    async def check(client: Client, _: Live) -> None:
        for path, status in (("/table", 404), ("/page/../app.py", 404), ("/brands/miot/flags?shelf=x", 400)):
            async with client.get(path) as answer:
                assert answer.status == status
                assert (await answer.json())["error"]
        async with client.post("/brands") as answer:
            assert answer.status == 405

    served(check)


def test_every_answer_forbids_sniffing_and_foreign_scripts() -> None:
    async def check(client: Client, _: Live) -> None:
        for path in (*ASKED, *CLOSED, "/nowhere"):
            async with client.get(path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"], path
                assert "unsafe" not in answer.headers["Content-Security-Policy"]

    served(check)


def test_a_dead_redis_is_a_503_with_a_reason_and_the_page_still_opens() -> None:
    async def check(client: Client, live: Live) -> None:
        for path in ("/brands", "/brands/miot/top", "/fans/miot/a"):
            async with client.get(path) as answer:
                assert (answer.status, await answer.json()) == (503, {"error": "Redis does not answer"})
        async with client.get("/") as answer:
            assert answer.status == 200
        live.state.redis = "Redis does not answer"
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "Redis does not answer\n")

    served(check)


def test_the_number_of_open_pages_is_bounded_and_a_closed_one_makes_room() -> None:
    async def check(client: Client, live: Live) -> None:
        pages = [await client.get("/events?brand=miot") for _ in range(MOST_PAGES)]
        async with client.get("/events?brand=miot") as answer:
            assert answer.status == 503
        async with client.get("/livez") as answer:
            assert answer.status == 200
        await live.close()
        for page in pages:
            await page.read()
        assert live.watched.total() == 0

    served(check)


def test_an_unchanged_file_is_not_sent_again() -> None:
    async def check(client: Client, _: Live) -> None:
        async with client.get("/page/style/base.css") as answer:
            mark = answer.headers["ETag"]
        async with client.get("/page/style/base.css", headers={"If-None-Match": mark}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")

    served(check)


def test_a_taken_port_is_told_in_one_sentence() -> None:
    async def run() -> None:
        port = free_port()
        settings = Settings(redis_url=f"redis://{LOOPBACK}:{free_port()}/0", web_port=port)
        redis = connect(settings)
        live = Live(Lookups(redis, Keys(settings.names)), Meter({}), Metrics(), State())
        first = await listen(settings, live)
        with pytest.raises(PortTakenError, match=f"port {port} .* FANPULSE_WEB_PORT") as told:
            await listen(settings, live)
        assert told.value.code == Exit.PORT_TAKEN
        await first.cleanup()
        await redis.aclose()

    asyncio.run(run())
