"""The page model: what the live page shows, built once a second and once per brand, and sent as patches.

A patch is a JSON object with the parts that changed; a page that connects gets a snapshot of all parts first.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from agents.serve.metrics import Heartbeat, ServeMetrics, ServeState
from agents.serve.monitor import every
from agents.serve.queries import Queries
from agents.serve.redis_client import REDIS_ERRORS
from agents.serve.traffic import RateSampler
from schemas.serving import FanList, FanRow, FlagRow, GainerRow

log = logging.getLogger(__name__)

TICK_S = 1.0
MAX_BRANDS = 100  # that the page offers
TOP_ROWS = 10
LIST_ROWS = 8
PARTS = {"brands", "declared", "gainers", "gainers_since", "history", "now", "status", "top"}  # all but categories

_fan_row = msgspec.json.Decoder(FanRow)
_gainer_row = msgspec.json.Decoder(GainerRow)
_flag_row = msgspec.json.Decoder(FlagRow)
_encode = msgspec.json.Encoder().encode


class Status(Struct):
    """The state of the pipeline, as the page shows it."""

    caught_up: bool
    lag: int  # output records that are not in Redis yet
    workers: int | None
    problem: str | None


class Declared(Struct):
    """What inputs and rules declare, from which the page makes its chart's bands and its lists of flags."""

    topics: list[str]  # that producers write to, without prefix
    categories: list[str]  # of flags; each is a part of the page model


class PageParts:
    """Named parts of the page as JSON, each with the tick at which it last changed."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[int, bytes]] = {}

    def put(self, tick: int, name: str, value: object) -> None:
        """Set a part; one that is the same as before keeps its tick."""
        encoded = _encode(value)
        if name not in self._parts or self._parts[name][1] != encoded:
            self._parts[name] = tick, encoded

    def changed_after(self, tick: int) -> list[bytes]:
        """Return the parts that changed after a tick, as members of a JSON object; -1: all.

        >>> parts = PageParts()
        >>> parts.put(1, "a", [1]); parts.put(2, "b", 5); parts.put(3, "a", [1])
        >>> parts.changed_after(-1), parts.changed_after(1)
        ([b'"a":[1]', b'"b":5'], [b'"b":5'])
        """
        return [b'"%b":%b' % (name.encode(), encoded) for name, (at, encoded) in self._parts.items() if at > tick]


async def refresh_brand(parts: PageParts, tick: int, queries: Queries, brand: str, categories: Sequence[str]) -> None:
    """Read a brand's lists from the serving store; raises ``REDIS_ERRORS``."""
    top = await queries.fans(FanList.TOP, brand, TOP_ROWS)
    parts.put(tick, "top", [_fan_row.decode(record) for record in top])
    since, gainers = await queries.top_gainers(brand, LIST_ROWS, int(time.time() * 1000))
    rows = [msgspec.structs.replace(_gainer_row.decode(record), gained=gain) for gain, record in gainers]
    parts.put(tick, "gainers", rows)
    parts.put(tick, "gainers_since", since)
    for category in categories:
        flags = await queries.flags(brand, LIST_ROWS, category)
        parts.put(tick, category, [_flag_row.decode(record) for record in flags])


class PageModel:
    """The parts of every brand that a page shows now; ``tick`` grows by one each time that patches are ready."""

    def __init__(
        self,
        queries: Queries,
        rates: RateSampler,
        categories: Sequence[str],
        metrics: ServeMetrics,
        state: ServeState,
    ) -> None:
        """Take the categories of flags, a list of the page each.

        Raises:
            ValueError: another part of the page has the name of a category.
        """
        if taken := set(categories) & PARTS:
            raise ValueError(f"a flag category has the name of another part of the page: {', '.join(sorted(taken))}")
        self.queries, self.rates, self.metrics, self.state = queries, rates, metrics, state
        self.categories = list(categories)
        self.tick = 0
        self.watchers: Counter[str] = Counter()  # brand -> open pages
        self.closed = False
        self._common = PageParts()  # the same for all brands
        self._brands: dict[str, PageParts] = {}  # only of brands with watchers
        self._ticked = asyncio.Condition()

    async def run(self, heartbeat: Heartbeat) -> None:
        """Refresh the model every second until cancelled."""
        due = time.monotonic()
        async for _ in every(TICK_S):
            now = time.monotonic()
            self.metrics.loop_lag.set(max(0.0, now - due))
            due = now + TICK_S
            heartbeat.record()
            await self.refresh()

    async def refresh(self) -> None:
        """Read what is watched and wake the pages; a slow or dead Redis leaves its parts as they were."""
        tick = self.tick + 1
        self._brands = {brand: parts for brand, parts in self._brands.items() if self.watchers[brand]}
        try:
            async with asyncio.timeout(TICK_S):  # the page must be able to show that Redis is slow
                self._common.put(tick, "brands", await self.queries.brands(MAX_BRANDS))
                for brand, parts in list(self._brands.items()):
                    await refresh_brand(parts, tick, self.queries, brand, self.categories)
        except REDIS_ERRORS as error:
            log.debug("the page is not refreshed: %s", error)  # the reader logs and counts it
        state = self.state
        problem = state.redis or state.kafka or state.reading
        self._common.put(tick, "status", Status(state.caught_up, state.lag, state.workers, problem))
        self._common.put(tick, "now", self.rates.newest)
        async with self._ticked:
            self.tick = tick
            self._ticked.notify_all()

    async def snapshot(self, brand: str) -> tuple[int, bytes]:
        """Return a tick and everything that a new page shows as of then: also what is declared, and history.

        The brand must have a watcher. Patches after this tick complete the snapshot.
        """
        if brand not in self._brands:
            parts = PageParts()
            try:
                await refresh_brand(parts, self.tick, self.queries, brand, self.categories)
            except REDIS_ERRORS as error:
                log.debug("a page starts with empty lists: %s", error)
            self._brands.setdefault(brand, parts)
        first = PageParts()
        first.put(0, "declared", Declared(list(self.rates.topics.values()), self.categories))
        first.put(0, "history", list(self.rates.history))
        groups = (first, self._common, self._brands[brand])
        return self.tick, _object([part for group in groups for part in group.changed_after(-1)])

    async def next_patch(self, brand: str, tick: int) -> tuple[int, bytes] | None:
        """Wait for a tick newer than this one; return it and what changed in between. None: the server stops."""
        async with self._ticked:
            await self._ticked.wait_for(lambda: self.tick > tick or self.closed)
        if self.closed:
            return None
        brand_parts = self._brands.get(brand, PageParts())
        return self.tick, _object(self._common.changed_after(tick) + brand_parts.changed_after(tick))

    async def close(self) -> None:
        """End every page's stream, so that a stop does not wait for them."""
        async with self._ticked:
            self.closed = True
            self._ticked.notify_all()


def _object(members: list[bytes]) -> bytes:
    return b"{%b}" % b",".join(members)
