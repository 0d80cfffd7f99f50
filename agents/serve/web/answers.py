"""Answers as JSON: records go out byte for byte as they stand in their topics."""

from collections.abc import Iterable

import orjson
from aiohttp import web

MOST = 500
USUAL = 50


def json_of(value: object, status: int = 200) -> web.Response:
    """Return a value as JSON; pieces that are JSON already may be in it as ``orjson.Fragment``."""
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


def raw_json(record: bytes) -> web.Response:
    """Return what is JSON already."""
    return web.Response(body=record, content_type="application/json")


def error_of(status: int, sentence: str) -> web.Response:
    """Return an error for programs and people."""
    return json_of({"error": sentence}, status)


def pieces(records: Iterable[bytes | None]) -> list[orjson.Fragment | None]:
    """Return records to be put into an answer as they are."""
    return [None if record is None else orjson.Fragment(record) for record in records]


def limit_of(request: web.Request) -> int:
    """Return how many rows are asked for.

    Raises:
        web.HTTPBadRequest: it is no number from 1 to ``MOST``.
    """
    given = request.query.get("limit", str(USUAL))
    # Longer digits would be parsed for nothing.
    limit = int(given) if given.isascii() and given.isdigit() and len(given) <= 6 else 0
    if not 1 <= limit <= MOST:
        raise web.HTTPBadRequest(text=f"limit must be a whole number from 1 to {MOST}")
    return limit
