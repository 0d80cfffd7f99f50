"""Claims about the web application that need no record: authentication, bounds, headers, a Redis that is down."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import CookieJar, TCPConnector
from aiohttp.test_utils import TestClient, TestServer

from agents.serve.app import MAX_STREAMS, application
from agents.serve.keys import StoreKeys
from agents.serve.metrics import ServeMetrics, ServeState
from agents.serve.page_model import PageModel
from agents.serve.queries import Queries
from agents.serve.redis_client import connect
from agents.serve.traffic import RateSampler
from agents.settings import Settings
from agents.supervise.ports import LOOPBACK, free_port

PROBES = "/livez", "/readyz"
PROTECTED = (
    "/",
    "/page/app.js",
    "/events?brand=miot",
    "/brands",
    "/brands/miot/top",
    "/brands/miot/at-risk",
    "/brands/miot/churned",
    "/brands/miot/angry",
    "/brands/miot/top-gainers",
    "/brands/miot/flags",
    "/fans/miot/weibo%3A1",
    "/fans/miot/weibo%3A1/flags",
)

Client = TestClient[Any, Any]
Check = Callable[[Client, PageModel], Awaitable[None]]


def served(check: Check, token: str = "") -> None:
    """Run a check against the application, with a Redis address where nobody listens."""

    async def run() -> None:
        settings = Settings(redis_url=f"redis://{LOOPBACK}:{free_port()}/0")
        redis = connect(settings)
        model = PageModel(
            Queries(redis, StoreKeys(settings.names)), RateSampler({}), ["angry"], ServeMetrics(), ServeState()
        )
        server = TestServer(application(model, token))
        client = TestClient(server, cookie_jar=CookieJar(unsafe=True), connector=TCPConnector(limit=0))
        async with client:
            await check(client, model)
            await model.close()
        await redis.aclose()

    asyncio.run(run())


def test_everything_but_the_probes_needs_the_token() -> None:
    async def check(client: Client, _: PageModel) -> None:
        for path in PROTECTED:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer sésame"}):
                async with client.get(path, headers=headers) as answer:
                    assert answer.status == 401, path
        for path in PROBES:
            async with client.get(path) as answer:
                assert answer.status != 401, path
        async with client.get("/page/app.js", headers={"Authorization": "Bearer sesame"}) as answer:
            assert answer.status == 200

    served(check, token="sesame")


def test_a_browser_signs_in_once_and_the_cookie_is_not_the_token() -> None:
    async def check(client: Client, _: PageModel) -> None:
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


def test_without_a_token_there_is_no_sign_in() -> None:
    async def check(client: Client, _: PageModel) -> None:
        async with client.get("/") as answer:
            assert answer.status == 200
        async with client.post("/sign-in", data={"token": ""}) as answer:
            assert answer.status == 404

    served(check)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "ten", "", "9" * 5000, "٣"])
def test_a_limit_out_of_bounds_is_answered_with_the_bounds(limit: str) -> None:
    async def check(client: Client, _: PageModel) -> None:
        for path in ("/brands/miot/top", "/brands/miot/angry", "/brands/miot/flags", "/fans/miot/a/flags"):
            async with client.get(path, params={"limit": limit}) as answer:
                assert answer.status == 400
                assert "from 1 to 500" in (await answer.json())["error"]

    served(check)


def test_an_unknown_path_or_category_is_answered_as_json() -> None:
    async def check(client: Client, _: PageModel) -> None:
        for path, status in (("/table", 404), ("/page/../app.py", 404), ("/brands/miot/flags?category=x", 400)):
            async with client.get(path) as answer:
                assert answer.status == status
                assert (await answer.json())["error"]
        async with client.post("/brands") as answer:
            assert answer.status == 405

    served(check)


def test_every_answer_forbids_sniffing_and_foreign_scripts() -> None:
    async def check(client: Client, _: PageModel) -> None:
        for path in (*PROTECTED, *PROBES, "/nowhere"):
            async with client.get(path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"], path
                assert "unsafe" not in answer.headers["Content-Security-Policy"]

    served(check)


def test_a_dead_redis_is_a_503_with_a_reason_and_the_page_still_opens() -> None:
    async def check(client: Client, model: PageModel) -> None:
        for path in ("/brands", "/brands/miot/top", "/fans/miot/a"):
            async with client.get(path) as answer:
                assert (answer.status, await answer.json()) == (503, {"error": "Redis does not answer"})
        async with client.get("/") as answer:
            assert answer.status == 200
        model.state.redis = "Redis does not answer"
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "Redis does not answer\n")

    served(check)


def test_the_number_of_open_pages_is_bounded_and_a_closed_one_makes_room() -> None:
    async def check(client: Client, model: PageModel) -> None:
        pages = [await client.get("/events?brand=miot") for _ in range(MAX_STREAMS)]
        async with client.get("/events?brand=miot") as answer:
            assert answer.status == 503
        async with client.get("/livez") as answer:
            assert answer.status == 200
        await model.close()
        for page in pages:
            await page.read()
        assert model.watchers.total() == 0

    served(check)


def test_an_unchanged_file_is_not_sent_again() -> None:
    async def check(client: Client, _: PageModel) -> None:
        async with client.get("/page/page.css") as answer:
            etag = answer.headers["ETag"]
        async with client.get("/page/page.css", headers={"If-None-Match": etag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")

    served(check)
