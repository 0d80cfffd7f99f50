"""A consumer over a thread that answers what a test puts into it; no broker, and a clock that stands."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import faust
from faust.types import TP
from mode import Service

from agents.transport import consumer as transport
from agents.transport.fetching import FetchedBatch
from agents.transport.group_metadata import GroupMetadata
from streams.wire.records import Record, Records
from tests.support.clock import ManualClock

NOW = 1_700_000_000_000
LIKES, COMMENTS = TP("likes", 0), TP("comments", 0)
OTHER_LIKES, OTHER_COMMENTS = TP("likes", 1), TP("comments", 1)
ALL = {LIKES, COMMENTS, OTHER_LIKES, OTHER_COMMENTS}
Fetched = dict[TP, FetchedBatch]


def batch(event_time: int, offset: int = 0, n: int = 1) -> FetchedBatch:
    value = b'{"event_time":%d}' % event_time
    return FetchedBatch(offset, offset + n, Records.of([Record(offset + i, 0, None, value) for i in range(n)]))


class FakeThread(Service):  # type: ignore[misc]  # mode has no types
    """Answers each fetch with the next of ``answers``, or as a broker that has nothing new."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Fetched] = []
        self.fetches: list[tuple[set[TP], float]] = []
        self.lags: dict[TP, int | None] = {}
        self.fetched: dict[TP, int] = {}
        self.generation = -1
        self.group_metadata = GroupMetadata("group", 1, "member", "instance")
        self.during: Callable[[], None] = lambda: None

    async def getmany(self, active_partitions: set[TP], timeout: float) -> Fetched:  # noqa: ASYNC109
        self.fetches.append((active_partitions, timeout))
        self.during()
        return self.answers.pop(0) if self.answers else {}

    def lag(self, tp: TP) -> int | None:
        return self.lags.get(tp, 0)

    def fetched_at(self, tp: TP) -> int:
        return self.fetched.get(tp, NOW)


class Consumer(transport.Consumer):
    def _new_consumer_thread(self) -> Any:
        return FakeThread()


class Transport(transport.Transport):
    Consumer = Consumer


class Listener:
    """Keeps the calls; every partition is its own."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.numbers = {0, 1}

    async def on_partitions_revoked(self) -> None:
        self.calls.append("on_partitions_revoked")

    def on_partitions_assigned(self, assigned: set[TP], member: GroupMetadata) -> None:
        self.calls.append(f"on_partitions_assigned {len(assigned)} in generation {member.generation}")

    def is_incomplete(self, assigned: set[TP]) -> bool:
        return False

    def is_clock(self, tp: TP) -> bool:
        return False

    def owns(self, tp: TP) -> bool:
        return tp.partition in self.numbers

    def starting_offsets(self, committed: Mapping[TP, int | None]) -> dict[TP, int]:
        return {}

    def on_seek(self, offsets: dict[TP, int]) -> None:
        self.calls.append("on_seek")

    def on_fenced(self, reason: str) -> None:
        self.calls.append("on_fenced")


class Scene:
    """A consumer of two partition numbers of two topics."""

    def __init__(self) -> None:
        self.clock, self.listener = ManualClock(NOW), Listener()
        app = faust.App("group", broker="kafka://", store="memory://")
        made = Transport(app, {}, self.listener, self.clock)

        async def nothing(*_: Any) -> None:
            pass

        self.consumer = made.create_consumer(nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)
        self.thread: FakeThread = self.consumer._thread
        self.consumer._set_active_tps(set(ALL))
        app.consumer_generation_id = 1

    async def poll(self, fetched: Fetched | None = None) -> Any:
        """Return the message of one getmany, None if it has none."""
        if fetched is not None:
            self.thread.answers.append(fetched)
        messages = [message async for _, message in self.consumer.getmany(timeout=1.0)]
        assert len(messages) <= 1
        return messages[0] if messages else None


def scene(claim: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        await claim(Scene())

    asyncio.run(run())


def delivered(message: Any) -> list[TP]:
    return [tp for tp, _ in message.value]
