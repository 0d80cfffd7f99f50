"""Writing the copy: data and positions in one transaction, under a run that a flush or another reader cannot fake."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec
from redis.exceptions import WatchError

from agents.errors import FanpulseError
from agents.serve.copy.batch import Batch, Fan
from agents.serve.copy.connection import Client
from agents.serve.copy.keys import Keys
from agents.serve.copy.projection import positions, project
from agents.serve.copy.rises import rises, windows
from schemas.serving import Stored

log = logging.getLogger(__name__)

CLEARING = "clearing:"
CLEARING_S = 30  # a clearing whose process died is taken over after this
SCAN = 1000

_stored = msgspec.json.Decoder(Stored)


class MovedError(FanpulseError):
    """The copy was flushed, or another process began it anew: read the positions again."""


class Store:
    """The copy in Redis, written under a *run*: the ids of the topics it is made of, and a random part.

    The run is gone after a flush, and differs when Redis held the copy of other topics or another process rebuilt it.
    Every write watches it, so that positions never lead the data, however many processes write.
    """

    def __init__(self, redis: Client, keys: Keys) -> None:
        """Take a client; nothing is read before ``open``."""
        self.redis, self.keys = redis, keys
        self.run = ""

    async def open(self, source: str) -> dict[str, int] | None:
        """Return the positions of the copy of ``source``; None when it was begun anew, and other content cleared.

        Raises:
            MovedError: another process is clearing just now; come again.
        """
        run = await self._run()
        if run.startswith(CLEARING):
            raise MovedError("another process is clearing the copy")
        if run.partition("|")[0] != source:
            self.run = await self._begin(run, source)
            return None
        self.run = run
        found: dict[bytes, bytes] = await self.redis.hgetall(self.keys.positions)
        return {place.decode(): int(at) for place, at in found.items()}

    async def check(self) -> None:
        """Make sure that Redis answers and holds our run.

        Raises:
            MovedError: it holds another, or none.
        """
        if await self._run() != self.run:
            raise MovedError("the copy was flushed, or begun anew by another process")

    async def restart(self) -> None:
        """Forget the run: the next ``open`` clears and begins anew."""
        await self.redis.delete(self.keys.run)

    async def write(self, batch: Batch, offsets: Mapping[str, int], now: int) -> None:
        """Write what is new in a batch, and the positions behind it, as one transaction.

        Raises:
            MovedError: nothing was written, because the copy is another's by now.
        """
        fans, marks = list(batch.scores), list(batch.flags)
        names = [self.keys.fan(*fan) for fan in fans] + [self.keys.flag(*mark) for mark in marks]
        open_windows = windows(fans, now)
        async with self.redis.pipeline(transaction=True) as pipe:  # read as of one moment
            pipe.execute_command("MGET", *(names or [self.keys.run]))
            for (brand, begin), members in open_windows.items():
                pipe.execute_command("ZMSCORE", self.keys.risers(brand, begin), *members)
            stored, *gains = await pipe.execute()
        before = _before(fans, stored)
        earlier = {
            window: {fan: float(gain) for fan, gain in zip(members, gains[n], strict=True) if gain is not None}
            for n, (window, members) in enumerate(open_windows.items())
        }
        known = frozenset(mark for mark, raw in zip(marks, stored[len(fans) :], strict=True) if raw is not None)
        async with self._while_run_is(self.run) as pipe:
            commands = project(self.keys, batch, before, known, now)
            commands += rises(self.keys, batch.scores, before, earlier, now) + positions(self.keys, offsets)
            for command in commands:
                pipe.execute_command(*command)
            await _won(pipe)

    async def _run(self, client: Client = None) -> str:
        run: bytes | None = await (client or self.redis).get(self.keys.run)
        return (run or b"").decode()

    async def _begin(self, before: str, source: str) -> str:
        """Clear everything under our prefix and return the new run; only one process does it."""
        mark, run = CLEARING + uuid4().hex, f"{source}|{uuid4().hex}"
        async with self._while_run_is(before) as pipe:
            pipe.set(self.keys.run, mark, ex=CLEARING_S)
            await _won(pipe)
        log.info("the copy in Redis is rebuilt from the topics: it was %s", "of other topics" if before else "empty")
        cursor, own = 0, self.keys.run.encode()
        while True:
            cursor, found = await self.redis.scan(cursor, match=f"{self.keys.prefix}*", count=SCAN)
            async with self._while_run_is(mark) as pipe:
                if others := [key for key in found if key != own]:
                    pipe.unlink(*others)
                pipe.set(self.keys.run, mark if cursor else run, ex=CLEARING_S if cursor else None)
                await _won(pipe)
            if not cursor:
                return run

    @asynccontextmanager
    async def _while_run_is(self, expected: str) -> AsyncIterator[Client]:
        """Give a transaction that holds only if the run does not change until it ends."""
        async with self.redis.pipeline(transaction=True) as pipe:
            await pipe.watch(self.keys.run)
            if await self._run(pipe) != expected:
                raise MovedError("the copy was flushed, or begun anew by another process")
            pipe.multi()
            yield pipe


async def _won(pipe: Client) -> None:
    try:
        await pipe.execute()
    except WatchError:
        raise MovedError("the copy was flushed, or begun anew by another process") from None


def _before(fans: list[Fan], stored: list[bytes | None]) -> dict[Fan, Stored]:
    """Return what is known of each stored record; one that cannot be read counts as none and is written over."""
    before = {}
    for fan, raw in zip(fans, stored, strict=False):
        if raw is not None:
            try:
                before[fan] = _stored.decode(raw)
            except msgspec.DecodeError:
                log.warning("a stored score could not be read and is replaced")
    return before
