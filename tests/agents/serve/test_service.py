"""Claims about how the tasks of the serve process end together."""

import asyncio
from contextlib import suppress

import pytest

from agents.serve import service


async def swallow_one_cancellation(swallowed: list[bool]) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    swallowed.append(True)
    await asyncio.sleep(60)


async def fail() -> None:
    await asyncio.sleep(0)
    raise ValueError("the first to fail")


def test_a_task_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CANCEL_S", 0.01)
    swallowed: list[bool] = []

    async def run() -> None:
        stop = asyncio.Event()
        running = asyncio.ensure_future(service.run_until(stop, swallow_one_cancellation(swallowed)))
        await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(running, 10)

    asyncio.run(run())
    assert swallowed == [True]


def test_it_is_cancelled_again_after_another_task_failed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CANCEL_S", 0.01)
    swallowed: list[bool] = []

    async def run() -> None:
        await asyncio.wait_for(service.run_until(asyncio.Event(), fail(), swallow_one_cancellation(swallowed)), 10)

    with pytest.raises(ValueError, match="the first to fail"):
        asyncio.run(run())
    assert swallowed == [True]


def test_a_task_that_fails_ends_the_others_and_its_error_is_raised() -> None:
    ended = []

    async def other() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(ValueError, match="the first to fail"):
        asyncio.run(service.run_until(asyncio.Event(), fail(), other()))
    assert ended == [True]


def test_an_error_on_the_way_out_does_not_fail_a_stop() -> None:
    async def run() -> None:
        stop = asyncio.Event()

        async def fail_when_cancelled() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                raise ValueError("the broker is gone too")

        async def never() -> None:
            await asyncio.sleep(60)

        asyncio.get_running_loop().call_soon(stop.set)
        await service.run_until(stop, fail_when_cancelled(), never())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_a_cancellation_from_outside_ends_the_tasks_and_is_raised() -> None:
    ended = []

    async def other() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def run() -> None:
        running = asyncio.ensure_future(service.run_until(asyncio.Event(), other()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(run())
    assert ended == [True]
