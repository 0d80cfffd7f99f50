"""The door: how many may be connected at once, and how long one may take until he has asked."""

import asyncio
import logging
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

log = logging.getLogger(__name__)

MOST = 400  # connections, pages among them; a burst of new ones may be let in beyond it, 128 at most
ASK_S = 15.0  # until the first question is complete, and between two on one connection
LINGER_S = 1.0  # for answers under way at a stop
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 15\r\n"
    b'Connection: close\r\nContent-Length: 39\r\n\r\n{"error":"too many clients; try later"}'
)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Leave out what strangers send that is no HTTP: the traceback would show it, a token in it too."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


log.addFilter(_is_worth_a_line)


class Runner(web.AppRunner):
    """Runs an application behind the door; questions are bounded by aiohttp: 8 KB a line, 128 headers."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(app, logger=log, access_log=None, shutdown_timeout=LINGER_S, keepalive_timeout=ASK_S)

    @property
    def server(self) -> web.Server | None:
        """What makes the protocol of each connection."""
        server = super().server
        return None if server is None else cast("web.Server", _Door(server))


class _Door:
    def __init__(self, server: web.Server) -> None:
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        return _Busy() if len(self._server.connections) >= MOST else self._server()


class _Busy(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so and hang up."""
        out = cast("asyncio.Transport", transport)
        out.write(BUSY)
        out.close()
