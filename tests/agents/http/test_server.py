"""Claims about the shared HTTP server: taken ports, connection limits, errors as JSON, authentication."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession, web

from agents.errors import Exit, PortTakenError
from agents.http import server
from agents.http.auth import require_token
from agents.http.responses import add_security_headers, errors_as_json
from agents.supervise.ports import LOOPBACK, free_port

Check = Callable[[ClientSession, str], Awaitable[None]]


class BackendError(Exception):
    """What a handler raises when the server behind it is down."""


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def broken(_: web.Request) -> web.Response:
    raise BackendError("redis://user:password@10.0.0.1 refused")


def served(check: Check, token: str = "") -> None:
    """Run a check against a small application on a real socket."""

    async def run() -> None:
        middlewares = [errors_as_json((BackendError,), "the store does not answer"), require_token(token, ("/probe",))]
        app = web.Application(middlewares=middlewares)
        app.on_response_prepare.append(add_security_headers)
        app.add_routes([web.get("/", hello), web.get("/probe", hello), web.get("/broken", broken)])
        port = free_port()
        runner = await server.start_server(app, LOOPBACK, port, "FANPULSE_PORT")
        try:
            async with ClientSession() as client:
                await check(client, f"http://{LOOPBACK}:{port}")
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_a_taken_port_is_one_sentence_with_the_setting() -> None:
    async def run(port: int) -> None:
        with pytest.raises(PortTakenError, match=f"port {port} .* FANPULSE_PORT") as raised:
            await server.start_server(web.Application(), LOOPBACK, port, "FANPULSE_PORT")
        assert raised.value.code == Exit.PORT_TAKEN

    with socket.create_server((LOOPBACK, 0)) as taken:
        asyncio.run(run(taken.getsockname()[1]))


def test_connections_beyond_the_limit_are_refused_and_closed_ones_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)

    async def get(port: int) -> tuple[int, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return int((await reader.readline()).split()[1]), writer

    async def close(*writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            writer.close()
            await writer.wait_closed()

    async def check(_: ClientSession, url: str) -> None:
        port = int(url.rpartition(":")[2])
        answers = [await get(port) for _ in range(3)]
        assert [status for status, _ in answers] == [200, 200, 503]
        await close(*(writer for _, writer in answers))
        async with asyncio.timeout(10):
            while True:
                status, writer = await get(port)
                await close(writer)
                if status == 200:
                    break

    served(check)


def test_errors_are_json_and_do_not_show_what_the_backend_said() -> None:
    async def check(client: ClientSession, url: str) -> None:
        for path, expected in (("/broken", (503, "the store does not answer")), ("/nowhere", (404, "404: Not Found"))):
            async with client.get(url + path) as response:
                assert (response.status, (await response.json())["error"]) == expected
                assert response.headers["X-Content-Type-Options"] == "nosniff"

    served(check)


def test_a_token_protects_every_path_that_is_not_public() -> None:
    wrong: list[dict[str, str]] = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic sesame"}]

    async def check(client: ClientSession, url: str) -> None:
        for path in ("/", "/broken", "/nowhere"):
            for headers in wrong:
                async with client.get(url + path, headers=headers) as response:
                    assert response.status == 401, (path, headers)
        async with client.get(f"{url}/probe") as response:
            assert response.status == 200
        async with client.get(url, headers={"Authorization": "Bearer sesame"}) as response:
            assert await response.text() == "hello"

    served(check, token="sesame")
