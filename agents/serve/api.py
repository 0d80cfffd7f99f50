"""Queries over HTTP: one fan, a brand's lists, its newest flags, brands."""

import time
from collections.abc import Sequence

import msgspec
import orjson
from aiohttp import web

from agents.http.responses import encoded_json_response, fragments, json_response
from agents.serve.queries import Queries
from schemas.serving import FanList

MAX_ROWS = 500
DEFAULT_ROWS = 50

encode = msgspec.json.Encoder().encode


class QueryApi:
    """The handlers; each answers with what Redis holds, which may lag behind the topics and is never ahead."""

    def __init__(self, queries: Queries, categories: Sequence[str]) -> None:
        self.queries, self.categories = queries, categories

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; ids in paths are percent-encoded, a slash in an id too."""
        return [
            web.get("/fans/{brand}/{fan}", self.fan),
            web.get("/fans/{brand}/{fan}/flags", self.fan_flags),
            web.get("/brands", self.brands),
            web.get("/brands/{brand}/flags", self.flags),
            web.get("/brands/{brand}/angry", self.angry),
            web.get("/brands/{brand}/top-gainers", self.top_gainers),
            *(web.get(f"/brands/{{brand}}/{which}", self.fans) for which in FanList if which is not FanList.ANGRY),
        ]

    async def fan(self, request: web.Request) -> web.Response:
        """Answer with a fan's score record."""
        brand, fan = _fan_key(request)
        record = await self.queries.fan(brand, fan)
        if record is None:
            raise web.HTTPNotFound(text="no such fan of this brand")
        return encoded_json_response(record)

    async def fan_flags(self, request: web.Request) -> web.Response:
        """Answer with a fan's newest flags."""
        brand, fan = _fan_key(request)
        flags = await self.queries.fan_flags(brand, fan, _limit(request))
        return json_response({"brand_id": brand, "fan_id": fan, "flags": fragments(flags)})

    async def fans(self, request: web.Request) -> web.Response:
        """Answer with the score records of a list."""
        brand, which = request.match_info["brand"], FanList(request.path.rpartition("/")[2])
        fans = await self.queries.fans(which, brand, _limit(request))
        return json_response({"brand_id": brand, "fans": fragments(fans)})

    async def angry(self, request: web.Request) -> web.Response:
        """Answer with angry fans: the score record, and the flag that names the post."""
        brand = request.match_info["brand"]
        pairs = await self.queries.angry(brand, _limit(request))
        rows = [dict(zip(("fan", "flag"), fragments(pair), strict=True)) for pair in pairs]
        return json_response({"brand_id": brand, "angry": rows})

    async def top_gainers(self, request: web.Request) -> web.Response:
        """Answer with the fans who gained most points, and since when."""
        brand = request.match_info["brand"]
        since, gainers = await self.queries.top_gainers(brand, _limit(request), int(time.time() * 1000))
        rows = [{"gained": gain, "fan": orjson.Fragment(record)} for gain, record in gainers]
        return json_response({"brand_id": brand, "since": since, "top_gainers": rows})

    async def flags(self, request: web.Request) -> web.Response:
        """Answer with a brand's newest flags, of one category or of all."""
        brand, category = request.match_info["brand"], request.query.get("category")
        if category is not None and category not in self.categories:
            raise web.HTTPBadRequest(text=f"category must be one of {', '.join(self.categories)}")
        flags = await self.queries.flags(brand, _limit(request), category)
        return json_response({"brand_id": brand, "flags": fragments(flags)})

    async def brands(self, _: web.Request) -> web.Response:
        """Answer with the brands that have the newest records."""
        return json_response({"brands": fragments(map(encode, await self.queries.brands(MAX_ROWS)))})


def _fan_key(request: web.Request) -> tuple[str, str]:
    return request.match_info["brand"], request.match_info["fan"]


def _limit(request: web.Request) -> int:
    """Return the parameter ``limit``.

    Raises:
        web.HTTPBadRequest: it is not a whole number from 1 to ``MAX_ROWS``.
    """
    text = request.query.get("limit", str(DEFAULT_ROWS))
    # int() takes quadratic time in the number of digits.
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    if not 1 <= limit <= MAX_ROWS:
        raise web.HTTPBadRequest(text=f"limit must be a whole number from 1 to {MAX_ROWS}")
    return limit
