"""Responses: JSON bodies, errors as JSON, security headers, static files."""

import logging
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    # Fan ids are chosen by strangers: should one ever get into the page as markup, the browser runs nothing of it.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",
    "Server": "fanpulse",
}


def json_response(value: object, status: int = 200) -> web.Response:
    """Return a value as JSON; parts that are JSON already may be in it as ``orjson.Fragment``."""
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


def encoded_json_response(record: bytes) -> web.Response:
    """Return bytes that are JSON already, unchanged."""
    return web.Response(body=record, content_type="application/json")


def error_response(status: int, sentence: str) -> web.Response:
    """Return ``{"error": sentence}``."""
    return json_response({"error": sentence}, status)


def fragments(records: Iterable[bytes | None]) -> list[orjson.Fragment | None]:
    """Wrap JSON records so that ``json_response`` copies them byte for byte; None becomes ``null``."""
    return [None if record is None else orjson.Fragment(record) for record in records]


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every response, streams included; an ``on_response_prepare`` signal."""
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def errors_as_json(unavailable: tuple[type[BaseException], ...], sentence: str) -> Middleware:
    """Return the middleware that turns errors into JSON.

    Args:
        unavailable: errors of the server behind us, answered with 503.
        sentence: what the client reads then; the error itself may hold an address.
    """

    @web.middleware
    async def convert(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_utf8(request.raw_path):
            return error_response(400, "the address is not UTF-8")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return error_response(error.status, error.text or error.reason)
        except unavailable as error:
            log.debug("%s cannot be answered: %s", request.path, error)
            return error_response(503, sentence)

    return convert


def file_handler(path: Path, content_type: str) -> Handler:
    """Return a handler that serves one file from memory: no path of a request ever reaches the disk."""
    body = path.read_bytes()
    etag = f'"{sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}

    async def send(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return send


def _is_utf8(raw_path: str) -> bool:
    """Return False where aiohttp kept undecodable bytes as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in raw_path)
