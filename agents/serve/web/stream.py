"""The page's stream of news, as server-sent events; a bounded number of them."""

import asyncio
import logging

from aiohttp import web

from agents.serve.live import Live

log = logging.getLogger(__name__)

MOST_PAGES = 100
PATIENCE_S = 10  # for a page that does not read; it connects again by itself
HEADERS = {
    "Content-Type": "text/event-stream",
    "X-Accel-Buffering": "no",  # or nginx would collect the news
}


class Stream:
    """``GET /events?brand=...``: one message at once with everything, then one a second with what changed."""

    def __init__(self, live: Live) -> None:
        """Take where the news come from."""
        self.live = live

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Send news until the page or we close."""
        brand, live = request.query.get("brand", ""), self.live
        if live.watched.total() >= MOST_PAGES or live.closing:
            raise web.HTTPServiceUnavailable(text=f"{MOST_PAGES} pages are connected already")
        live.watched[brand] += 1
        live.metrics.clients.inc()
        try:
            response = web.StreamResponse(headers=HEADERS)
            await response.prepare(request)
            await self._send(response, brand)
        except (ConnectionError, TimeoutError) as error:
            log.debug("a page is gone: %s", error)
        finally:
            live.metrics.clients.dec()
            live.watched[brand] -= 1
            if not live.watched[brand]:
                del live.watched[brand]
        return response

    async def _send(self, response: web.StreamResponse, brand: str) -> None:
        seen, known = self.live.tick, 0
        message = b"retry: 1000\n" + await self.live.first(brand)
        while True:
            async with asyncio.timeout(PATIENCE_S):
                await response.write(message)
            news = await self.live.next(brand, seen, known)
            if news is None:
                return
            seen, message = news
            known = seen
