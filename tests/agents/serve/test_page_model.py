"""Claims about the page model: a new page gets everything once and then only what changed; Redis may be down."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from redis.exceptions import ConnectionError as RedisConnectionError

from agents.serve.metrics import ServeMetrics, ServeState
from agents.serve.page_model import PageModel
from agents.serve.queries import Queries
from agents.serve.traffic import RateSampler
from schemas.serving import BrandRow, FanList, FlagCategory
from tests.agents.serve.outputs import flag, score

BRAND = "miot"
OF_BRAND = {"top", "gainers", "gainers_since", *FlagCategory}


class FakeQueries(Queries):
    """A serving store in memory, which counts how often a brand is read."""

    def __init__(self) -> None:
        self.scores, self.angry_flags = [score("a")], [flag("a", "f1", "negative", "raised")]
        self.reads = 0
        self.is_down = False

    async def brands(self, limit: int) -> list[BrandRow]:
        return [BrandRow(BRAND, len(self.scores), 0, 0)][:limit]

    async def fans(self, which: FanList, brand: str, limit: int) -> list[bytes]:
        if self.is_down:
            raise RedisConnectionError("down")
        self.reads += 1
        return [msgspec.json.encode(record) for record in self.scores][:limit]

    async def top_gainers(self, brand: str, limit: int, now: int) -> tuple[int, list[tuple[float, bytes]]]:
        return 0, [(1.5, msgspec.json.encode(record)) for record in self.scores][:limit]

    async def flags(self, brand: str, limit: int, category: FlagCategory | None = None) -> list[bytes]:
        flags = self.angry_flags if category is FlagCategory.ANGRY else []
        return [msgspec.json.encode(record) for record in flags][:limit]


def run(check: Callable[[PageModel, FakeQueries], Awaitable[None]]) -> None:
    """Run a check with a model that has one page of the brand, refreshed once."""

    async def started() -> None:
        queries = FakeQueries()
        model = PageModel(queries, RateSampler({}), ServeMetrics(), ServeState())
        model.watchers[BRAND] += 1
        await model.refresh()
        await check(model, queries)

    asyncio.run(started())


async def patch_after(model: PageModel, tick: int) -> dict[str, Any]:
    """Return the patch of the next refresh."""
    waiting = asyncio.ensure_future(model.next_patch(BRAND, tick))
    await model.refresh()
    patch = await waiting
    assert patch is not None
    assert patch[0] > tick
    return dict(json.loads(patch[1]))


def test_a_new_page_gets_everything_once() -> None:
    async def check(model: PageModel, _: FakeQueries) -> None:
        tick, message = await model.snapshot(BRAND)
        assert set(json.loads(message)) == {"history", "brands", "status", "now", *OF_BRAND}
        assert await patch_after(model, tick) == {}

    run(check)


def test_a_second_page_of_a_brand_shares_what_was_read_for_the_first() -> None:
    async def check(model: PageModel, queries: FakeQueries) -> None:
        await model.snapshot(BRAND)
        await model.refresh()
        reads = queries.reads
        tick, message = await model.snapshot(BRAND)
        assert queries.reads == reads
        assert set(json.loads(message)) >= OF_BRAND
        assert await patch_after(model, tick) == {}

    run(check)


def test_a_patch_holds_what_changed_and_only_that() -> None:
    async def check(model: PageModel, queries: FakeQueries) -> None:
        tick, _ = await model.snapshot(BRAND)
        queries.angry_flags.append(flag("b", "f2", "negative", "raised"))
        patch = await patch_after(model, tick)
        assert set(patch) == {"angry"}
        assert [row["fan_id"] for row in patch["angry"]] == ["a", "b"]

    run(check)


def test_a_page_that_opens_while_redis_is_down_is_filled_later() -> None:
    async def check(model: PageModel, queries: FakeQueries) -> None:
        queries.is_down = True
        tick, message = await model.snapshot(BRAND)
        assert not OF_BRAND & set(json.loads(message))
        queries.is_down = False
        assert set(await patch_after(model, tick)) >= OF_BRAND

    run(check)


def test_a_brand_that_nobody_watches_is_not_read() -> None:
    async def check(model: PageModel, queries: FakeQueries) -> None:
        await model.snapshot(BRAND)
        del model.watchers[BRAND]
        reads = queries.reads
        await model.refresh()
        assert queries.reads == reads

    run(check)


def test_closing_ends_every_wait() -> None:
    async def check(model: PageModel, _: FakeQueries) -> None:
        tick, _message = await model.snapshot(BRAND)
        waiting = asyncio.ensure_future(model.next_patch(BRAND, tick))
        await model.close()
        assert await waiting is None

    run(check)
