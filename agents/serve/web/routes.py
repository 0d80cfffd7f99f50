"""Lookups: one fan, a brand's lists, its newest flags, brands."""

import time

import msgspec
import orjson
from aiohttp import web

from agents.serve.copy.lookups import Lookups
from agents.serve.web.answers import MOST, json_of, limit_of, pieces, raw_json
from schemas.serving import FanList, Shelf

encode = msgspec.json.Encoder().encode


class Routes:
    """The handlers; each answers with what stands in Redis, which may lag and never leads."""

    def __init__(self, lookups: Lookups) -> None:
        """Take what answers the questions."""
        self.lookups = lookups

    def routes(self) -> list[web.RouteDef]:
        """Return the paths; ids in them are percent-encoded, a slash in an id too."""
        return [
            web.get("/fans/{brand}/{fan}", self.fan),
            web.get("/fans/{brand}/{fan}/flags", self.fan_flags),
            web.get("/brands", self.brands),
            web.get("/brands/{brand}/flags", self.flags),
            web.get("/brands/{brand}/angry", self.angry),
            web.get("/brands/{brand}/risers", self.risers),
            *(web.get(f"/brands/{{brand}}/{which}", self.fans) for which in FanList if which is not FanList.ANGRY),
        ]

    async def fan(self, request: web.Request) -> web.Response:
        """Answer with a fan's score record."""
        brand, fan = _ids(request)
        record = await self.lookups.fan(brand, fan)
        if record is None:
            raise web.HTTPNotFound(text="no such fan of this brand")
        return raw_json(record)

    async def fan_flags(self, request: web.Request) -> web.Response:
        """Answer with a fan's newest flags."""
        brand, fan = _ids(request)
        found = await self.lookups.fan_flags(brand, fan, limit_of(request))
        return json_of({"brand_id": brand, "fan_id": fan, "flags": pieces(found)})

    async def fans(self, request: web.Request) -> web.Response:
        """Answer with the score records of a list."""
        brand, which = request.match_info["brand"], FanList(request.path.rpartition("/")[2])
        return json_of({"brand_id": brand, "fans": pieces(await self.lookups.fans(which, brand, limit_of(request)))})

    async def angry(self, request: web.Request) -> web.Response:
        """Answer with angry fans: score record, and the flag that says which post it was."""
        brand = request.match_info["brand"]
        found = await self.lookups.angry(brand, limit_of(request))
        rows = [dict(zip(("fan", "flag"), pieces(pair), strict=True)) for pair in found]
        return json_of({"brand_id": brand, "angry": rows})

    async def risers(self, request: web.Request) -> web.Response:
        """Answer with the fans who gained most points, and the moment since which they did."""
        brand = request.match_info["brand"]
        since, found = await self.lookups.risers(brand, limit_of(request), int(time.time() * 1000))
        rows = [{"gained": gain, "fan": orjson.Fragment(record)} for gain, record in found]
        return json_of({"brand_id": brand, "since": since, "risers": rows})

    async def flags(self, request: web.Request) -> web.Response:
        """Answer with a brand's newest flags, of one shelf if asked."""
        brand, shelf = request.match_info["brand"], request.query.get("shelf")
        if shelf is not None and shelf not in set(Shelf):
            raise web.HTTPBadRequest(text=f"shelf must be one of {', '.join(Shelf)}")
        found = await self.lookups.flags(brand, limit_of(request), Shelf(shelf) if shelf else None)
        return json_of({"brand_id": brand, "flags": pieces(found)})

    async def brands(self, _: web.Request) -> web.Response:
        """Answer with the brands that were announced last."""
        return json_of({"brands": pieces(map(encode, await self.lookups.brands(MOST)))})


def _ids(request: web.Request) -> tuple[str, str]:
    return request.match_info["brand"], request.match_info["fan"]
