"""Metrics and probes over HTTP, from a thread of their own: a blocked event loop still answers, and says so."""

import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread, Timer
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from agents.errors import PortTakenError

log = logging.getLogger(__name__)

LivenessCheck = Callable[[], str | None]  # what is wrong, in words; None: nothing

CLIENT_TIMEOUT_S = 5  # for a client that connects and says nothing
WHOLE_S = 10.0  # for a question and its answer, however slowly they come
MAX_CLIENTS = 32  # clients at once, a thread each


class Endpoint:
    """A small HTTP server with ``/metrics``, ``/livez`` and ``/readyz``.

    ``live`` and ``ready`` are called from the server's threads, once per request: they must be quick and may only
    read. They return what is wrong, which is answered with status 503, or None.

        endpoint = Endpoint(registry, settings.web_host, settings.metrics_port, live=loop_is_late, ready=not_recovered)
        endpoint.start()
        log.info("metrics on %s", endpoint.url)
        endpoint.stop()
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        host: str,
        port: int,
        *,
        live: LivenessCheck = lambda: None,
        ready: LivenessCheck = lambda: None,
    ) -> None:
        """Listen at once, so that a taken port is known before anything else has started; port 0 takes any.

        Raises:
            PortTakenError: another process listens there.
        """
        handler = type(
            "Handler", (_Handler,), {"registry": registry, "live": staticmethod(live), "ready": staticmethod(ready)}
        )
        try:
            self._server = _Server((host, port), handler)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            raise PortTakenError(
                f"metrics port {port} on {host} is taken or not allowed; set FANPULSE_METRICS_PORT to another (0: any)"
            ) from None
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)
        self.host, self.port = host, int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address of the metrics."""
        return f"http://{self.host}:{self.port}/metrics"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port; may be called whether or not it was started."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a silent client must not hold up a stop

    def __init__(self, *given: Any) -> None:
        self._slots = BoundedSemaphore(MAX_CLIENTS)
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread; one client too many is hung up on."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and hang up when the time for it is over."""
        hang_up = Timer(WHOLE_S, _hang_up, (request,))
        hang_up.daemon = True
        hang_up.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            hang_up.cancel()
            self._slots.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Note a client that went away; the server's own habit is a traceback."""
        log.debug("request of %s not answered", client_address)


def _hang_up(request: socket.socket) -> None:
    with contextlib.suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    live: LivenessCheck
    ready: LivenessCheck
    timeout = CLIENT_TIMEOUT_S
    server_version, sys_version = "fanpulse", ""

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, encode(self.registry), kind)
        elif path in {"/livez", "/readyz"}:
            wrong = self.live() if path == "/livez" else self.ready()
            status = HTTPStatus.OK if wrong is None else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, f"{wrong or 'ok'}\n".encode(), "text/plain; charset=utf-8")
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"try /metrics, /livez or /readyz\n", "text/plain; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log a request only for those who ask for everything."""
        log.debug("%s %s", self.address_string(), format % args)
