"""The HTTP server: lookups, probes, page and stream under one roof."""

import errno
from hashlib import sha256
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from agents.errors import PortTakenError
from agents.serve.live import Live
from agents.serve.web.door import Runner
from agents.serve.web.guard import add_headers, guard, sign_in
from agents.serve.web.routes import Routes
from agents.serve.web.stream import Stream
from agents.settings import Settings

PAGE = Path(__file__).parent.parent / "page"
KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
SIGN_IN_BYTES = 4096  # nothing else is ever posted


async def listen(settings: Settings, live: Live) -> web.AppRunner:
    """Return a server that listens; ``cleanup()`` ends it.

    Raises:
        PortTakenError: another process listens there.
    """
    runner = Runner(application(settings, live))
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.web_host, settings.web_port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise PortTakenError(
            f"port {settings.web_port} on {settings.web_host} is taken or not allowed; set FANPULSE_WEB_PORT to another"
        ) from None
    return runner


def application(settings: Settings, live: Live) -> web.Application:
    """Return everything that is answered."""
    app = web.Application(middlewares=[guard(settings.web_token, live.metrics)], client_max_size=SIGN_IN_BYTES)
    app.on_response_prepare.append(add_headers)
    app.add_routes(Routes(live.lookups).routes())
    app.add_routes(
        [web.get("/livez", _alive), web.get("/readyz", _ready(live)), web.get("/events", Stream(live).handle)]
    )
    app.add_routes(
        web.get("/" if path.name == "index.html" else f"/page/{path.relative_to(PAGE).as_posix()}", _file(path))
        for path in _files()
    )
    if settings.web_token:
        app.add_routes([web.post("/sign-in", sign_in(settings.web_token))])
    return app


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _ready(live: Live) -> Handler:
    async def ready(_: web.Request) -> web.Response:
        wrong = live.state.not_ready()
        return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")

    return ready


def _files() -> list[Path]:
    return sorted(path for path in PAGE.rglob("*") if path.suffix in KINDS)


def _file(path: Path) -> Handler:
    """Return the handler of one file of the page, read once: no path of a request ever reaches the disk."""
    body = path.read_bytes()
    mark = f'"{sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": mark, "Cache-Control": "no-cache"}

    async def send(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == mark:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=KINDS[path.suffix], charset="utf-8", headers=headers)

    return send
