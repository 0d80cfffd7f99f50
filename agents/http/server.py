"""The server: binds a port, limits connections, and hangs up on clients that are slow to send a request.

aiohttp bounds a request itself: 8 KB a line, 128 headers.
"""

import asyncio
import errno
import logging
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from agents.errors import PortTakenError

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 400  # open streams included; a burst of new connections may exceed it by the backlog, 128
REQUEST_TIMEOUT_S = 15.0  # until the first request is complete, and between two on one connection
SHUTDOWN_TIMEOUT_S = 1.0  # for responses under way at a stop
TOO_MANY_CONNECTIONS = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 15\r\n"
    b'Connection: close\r\nContent-Length: 39\r\n\r\n{"error":"too many clients; try later"}'
)


async def start_server(app: web.Application, host: str, port: int, setting: str) -> web.AppRunner:
    """Return a runner that listens; ``cleanup()`` stops it.

    Args:
        app: what answers.
        host: address to bind.
        port: port to bind; 0: any free one.
        setting: name of the port's setting, for the error message.

    Raises:
        PortTakenError: another process listens there, or we may not.
    """
    runner = LimitedRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise PortTakenError(f"port {port} on {host} is taken or not allowed; set {setting} to another") from None
    return runner


def _is_not_protocol_error(record: logging.LogRecord) -> bool:
    """Drop the traceback of a request that is not HTTP: it would show what was sent, perhaps a token."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


log.addFilter(_is_not_protocol_error)


class LimitedRunner(web.AppRunner):
    """Runs an application with the limits of this module."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            logger=log,
            access_log=None,
            shutdown_timeout=SHUTDOWN_TIMEOUT_S,
            keepalive_timeout=REQUEST_TIMEOUT_S,
        )

    @property
    def server(self) -> web.Server | None:
        """The protocol factory of new connections."""
        server = super().server
        return None if server is None else cast("web.Server", _ConnectionLimiter(server))


class _ConnectionLimiter:
    """A protocol factory that refuses connections beyond ``MAX_CONNECTIONS``."""

    def __init__(self, server: web.Server) -> None:
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        return _Refusal() if len(self._server.connections) >= MAX_CONNECTIONS else self._server()


class _Refusal(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer 503 without reading the request, and close."""
        out = cast("asyncio.Transport", transport)
        out.write(TOO_MANY_CONNECTIONS)
        out.close()
