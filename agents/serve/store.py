"""The serving store: writes data and applied offsets to Redis in one transaction, guarded by the store's epoch."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec
from redis.exceptions import WatchError

from agents.errors import FanpulseError
from agents.serve.keys import StoreKeys
from agents.serve.read_model import batch_commands, offset_command
from agents.serve.records import FanKey, OutputBatch
from agents.serve.redis_client import RedisClient
from agents.serve.top_gainers import gain_commands, windows_of
from schemas.serving import FlagCategories, StoredScore

log = logging.getLogger(__name__)

REBUILD_PREFIX = "rebuilding:"
REBUILD_LOCK_S = 30  # another process takes over after this when the one that clears the store has died
SCAN_KEYS = 1000

_stored_score = msgspec.json.Decoder(StoredScore)


class StaleEpochError(FanpulseError):
    """Redis was flushed, or another process rebuilds the store: read the applied offsets again."""

    def __init__(self, reason: str = "Redis was flushed, or another process rebuilds the serving store") -> None:
        super().__init__(reason)


class ServingStore:
    """A materialized view of the output topics in Redis, rebuilt from them at any time.

    Its *epoch* is a key with the ids of the topics that the view is built from and a random part. It is gone after a
    flush, and differs when Redis holds a view of other topics or another process rebuilt it. Every write watches it,
    so applied offsets are never ahead of the data, however many processes write.

    Redis Cluster is not supported: MGET, MSET and WATCH span the slots of many keys.

    Size: the list ``top`` holds every fan of a brand in one sorted set and is also how fans are counted; ``at-risk``
    and ``angry`` are never trimmed, a fan leaves them with their state. The other lists are capped (``keys.py``).
    """

    def __init__(self, redis: RedisClient, keys: StoreKeys, categories: FlagCategories) -> None:
        self.redis, self.keys, self.categories = redis, keys, categories
        self.epoch = ""

    async def open(self, topics_id: str) -> dict[str, int] | None:
        """Return the applied offsets of a view of these topics; None when the store was cleared and starts empty.

        Raises:
            StaleEpochError: another process is clearing the store; try again.
        """
        epoch = await self._read_epoch()
        if epoch.startswith(REBUILD_PREFIX):
            raise StaleEpochError("another process is clearing the serving store")
        if epoch.partition("|")[0] != topics_id:
            self.epoch = await self._clear(epoch, topics_id)
            return None
        self.epoch = epoch
        offsets: dict[bytes, bytes] = await self.redis.hgetall(self.keys.applied_offsets)
        return {partition.decode(): int(offset) for partition, offset in offsets.items()}

    async def check(self) -> None:
        """Make sure that Redis answers and holds our epoch.

        Raises:
            StaleEpochError: it holds another, or none.
        """
        if await self._read_epoch() != self.epoch:
            raise StaleEpochError

    async def invalidate(self) -> None:
        """Delete the epoch: the next ``open`` clears the store and rebuilds it."""
        await self.redis.delete(self.keys.epoch)

    async def write(self, batch: OutputBatch, offsets: Mapping[str, int], now: int) -> None:
        """Write what is new in a batch, and the offsets after it, as one transaction; ``now`` in epoch ms.

        Raises:
            StaleEpochError: nothing was written, because the store belongs to another epoch.
        """
        fans, flags = list(batch.scores), list(batch.flags)
        record_keys = [self.keys.fan(*fan) for fan in fans] + [self.keys.flag(*flag) for flag in flags]
        windows = windows_of(fans, now)
        async with self.redis.pipeline(transaction=True) as pipe:  # one consistent read
            pipe.execute_command("MGET", *(record_keys or [self.keys.epoch]))
            for (brand, begin), members in windows.items():
                pipe.execute_command("ZMSCORE", self.keys.top_gainers(brand, begin), *members)
            records, *gains = await pipe.execute()
        stored = _decode_scores(fans, records[: len(fans)])
        raw_flags = records[len(fans) : len(record_keys)]
        stored_gains = {
            window: {fan: float(gain) for fan, gain in zip(members, gains[n], strict=True) if gain is not None}
            for n, (window, members) in enumerate(windows.items())
        }
        stored_flags = frozenset(flag for flag, raw in zip(flags, raw_flags, strict=True) if raw is not None)
        async with self._transaction(self.epoch) as pipe:
            commands = batch_commands(self.keys, batch, stored, stored_flags, self.categories, now)
            commands += gain_commands(self.keys, batch.scores, stored, stored_gains, now)
            for command in (*commands, offset_command(self.keys, offsets)):
                pipe.execute_command(*command)
            await _execute(pipe)

    async def _read_epoch(self, client: RedisClient = None) -> str:
        epoch: bytes | None = await (client or self.redis).get(self.keys.epoch)
        return (epoch or b"").decode()

    async def _clear(self, previous: str, topics_id: str) -> str:
        """Delete everything under our prefix and return the new epoch; only one process does it."""
        lock, epoch = REBUILD_PREFIX + uuid4().hex, f"{topics_id}|{uuid4().hex}"
        async with self._transaction(previous) as pipe:
            pipe.set(self.keys.epoch, lock, ex=REBUILD_LOCK_S)
            await _execute(pipe)
        content = "held other topics" if previous else "was empty"
        log.info("rebuilding the serving store from the output topics: it %s", content)
        cursor, own = 0, self.keys.epoch.encode()
        while True:
            cursor, found = await self.redis.scan(cursor, match=f"{self.keys.prefix}*", count=SCAN_KEYS)
            async with self._transaction(lock) as pipe:
                if others := [key for key in found if key != own]:
                    pipe.unlink(*others)
                pipe.set(self.keys.epoch, lock if cursor else epoch, ex=REBUILD_LOCK_S if cursor else None)
                await _execute(pipe)
            if not cursor:
                return epoch

    @asynccontextmanager
    async def _transaction(self, expected: str) -> AsyncIterator[RedisClient]:
        """Yield a transaction that fails unless the epoch is the expected one until it ends."""
        async with self.redis.pipeline(transaction=True) as pipe:
            await pipe.watch(self.keys.epoch)
            if await self._read_epoch(pipe) != expected:
                raise StaleEpochError
            pipe.multi()
            yield pipe


async def _execute(pipe: RedisClient) -> None:
    try:
        await pipe.execute()
    except WatchError:
        raise StaleEpochError from None


def _decode_scores(fans: list[FanKey], records: list[bytes | None]) -> dict[FanKey, StoredScore]:
    """Return what is stored of each fan; a record that cannot be read counts as absent and is overwritten."""
    stored = {}
    for fan, raw in zip(fans, records, strict=True):
        if raw is not None:
            try:
                stored[fan] = _stored_score.decode(raw)
            except msgspec.DecodeError:
                log.warning("a stored score could not be read and is replaced")
    return stored
