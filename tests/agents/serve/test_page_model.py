"""Claims about the page model: a new page gets everything once and then only what changed; Redis may be down."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents.serve.app import PAGE
from agents.serve.metrics import ServeMetrics, ServeState
from agents.serve.page_model import PageModel
from agents.serve.traffic import RateSampler
from schemas.inputs import INPUTS
from schemas.inputs.lookup import public
from schemas.serving import category_names, flag_categories
from streams.fans.model import MODEL, Model
from tests.agents.serve.fakes import BRAND, FakeQueries, page_model
from tests.agents.serve.outputs import flag
from tests.streams.model.composed import TEST_MODEL

PRODUCTION = {
    "topics": [source.name for source in public(INPUTS)],
    "categories": category_names(flag_categories(MODEL.flag_specs)),
}
OF_BRAND = {"top", "gainers", "gainers_since", *PRODUCTION["categories"]}


def run(check: Callable[[PageModel, FakeQueries], Awaitable[None]], declared: Model = MODEL) -> None:
    """Run a check with a page model that has one page of the brand, refreshed once."""

    async def started() -> None:
        queries = FakeQueries()
        model = page_model(queries, declared)
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
        assert set(json.loads(message)) == {"declared", "history", "brands", "status", "now", *OF_BRAND}
        assert await patch_after(model, tick) == {}

    run(check)


def test_what_inputs_and_rules_declare_is_in_the_first_message_and_their_lists_are_filled() -> None:
    async def check(model: PageModel, _: FakeQueries) -> None:
        tick, message = await model.snapshot(BRAND)
        first = json.loads(message)
        topics, categories = first["declared"]["topics"], first["declared"]["categories"]
        assert topics == [*PRODUCTION["topics"], "test-pings"]
        assert sorted(categories) == sorted([*PRODUCTION["categories"], "test-list"])
        assert [row["flag_id"] for row in first["test-list"]] == ["f1"]
        assert await patch_after(model, tick) == {}

    run(check, TEST_MODEL)


def test_every_list_of_the_page_is_one_that_production_declares() -> None:
    async def check(model: PageModel, _: FakeQueries) -> None:
        _tick, message = await model.snapshot(BRAND)
        assert json.loads(message)["declared"] == PRODUCTION
        in_index = set(re.findall(r'<ol id="([\w-]+)"', (PAGE / "index.html").read_text(encoding="utf-8")))
        assert {"angry", "leaving", "tier", "back"} <= in_index <= OF_BRAND

    run(check)


def test_a_category_cannot_take_the_name_of_another_part() -> None:
    with pytest.raises(ValueError, match="another part of the page: top"):
        PageModel(FakeQueries(), RateSampler({}), ["angry", "top"], ServeMetrics(), ServeState())


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
