"""The web application: queries, probes, the page's files and its stream of updates."""

import asyncio
import logging
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from agents.http.auth import MAX_FORM_BYTES, SIGN_IN_PATH, require_token, sign_in
from agents.http.responses import add_security_headers, errors_as_json, file_handler
from agents.serve.api import QueryApi
from agents.serve.metrics import ServeMetrics
from agents.serve.page_model import PageModel
from agents.serve.redis_client import REDIS_ERRORS

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"
CONTENT_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
PROBES = "/livez", "/readyz"
MAX_STREAMS = 100
WRITE_TIMEOUT_S = 10  # for a page that does not read; it connects again by itself
RETRY_MS = 1000  # until a browser whose stream broke connects again
STREAM_HEADERS = {
    "Content-Type": "text/event-stream",
    "X-Accel-Buffering": "no",  # or nginx would hold messages back
}


def application(page_model: PageModel, token: str) -> web.Application:
    """Return the application; ``token`` is what requests must carry, empty: nothing."""
    middlewares = [
        count_requests(page_model.metrics),
        errors_as_json(REDIS_ERRORS, "Redis does not answer"),
        require_token(token, public=PROBES),
    ]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_FORM_BYTES)  # nothing else is ever posted
    app.on_response_prepare.append(add_security_headers)
    app.add_routes(QueryApi(page_model.queries, page_model.categories).routes())
    app.add_routes(
        [
            web.get("/livez", _alive),
            web.get("/readyz", _ready(page_model)),
            web.get("/events", UpdateStream(page_model).handle),
        ]
    )
    for path in sorted(path for path in PAGE.rglob("*") if path.suffix in CONTENT_TYPES):
        url = "/" if path.name == "index.html" else f"/page/{path.relative_to(PAGE).as_posix()}"
        app.add_routes([web.get(url, file_handler(path, CONTENT_TYPES[path.suffix]))])
    if token:
        app.add_routes([web.post(SIGN_IN_PATH, sign_in(token))])
    return app


def count_requests(metrics: ServeMetrics) -> Middleware:
    """Return the middleware that counts responses by status class."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        metrics.requests.labels(f"{response.status // 100}xx").inc()
        return response

    return count


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _ready(page_model: PageModel) -> Handler:
    async def ready(_: web.Request) -> web.Response:
        problem = page_model.state.not_ready()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    return ready


class UpdateStream:
    """``GET /events?brand=...`` as server-sent events: a snapshot at once, then one patch a second."""

    def __init__(self, page_model: PageModel) -> None:
        self.page_model = page_model

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Send until the page or the server closes."""
        brand, model = request.query.get("brand", ""), self.page_model
        if model.watchers.total() >= MAX_STREAMS or model.closed:
            raise web.HTTPServiceUnavailable(text=f"{MAX_STREAMS} pages are connected already")
        model.watchers[brand] += 1
        model.metrics.clients.inc()
        try:
            response = web.StreamResponse(headers=STREAM_HEADERS)
            await response.prepare(request)
            await self._send(response, brand)
        except (ConnectionError, TimeoutError) as error:
            log.debug("a page disconnected: %s", error)
        finally:
            model.metrics.clients.dec()
            model.watchers[brand] -= 1
            if not model.watchers[brand]:
                del model.watchers[brand]
        return response

    async def _send(self, response: web.StreamResponse, brand: str) -> None:
        tick, message = await self.page_model.snapshot(brand)
        await _write(response, b"retry: %d\ndata: %b\n\n" % (RETRY_MS, message))
        while (patch := await self.page_model.next_patch(brand, tick)) is not None:
            tick, message = patch
            await _write(response, b"data: %b\n\n" % message)


async def _write(response: web.StreamResponse, message: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(message)
