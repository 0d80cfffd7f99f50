"""Claims about how the serve process's works end together."""

import asyncio
from contextlib import suppress

import pytest

from agents.serve import service


def test_a_work_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CANCEL_S", 0.01)
    swallowed = []

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        swallowed.append(True)
        await asyncio.sleep(60)

    async def run() -> None:
        stop = asyncio.Event()
        works = asyncio.ensure_future(service._until(stop, deaf()))
        await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(works, 10)

    asyncio.run(run())
    assert swallowed == [True]


def test_a_work_that_fails_ends_the_others_and_is_told() -> None:
    ended = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("the first to fail")

    async def works() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(ValueError, match="the first to fail"):
        asyncio.run(service._until(asyncio.Event(), fails(), works()))
    assert ended == [True]
