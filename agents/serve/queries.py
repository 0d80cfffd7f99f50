"""Queries of the serving store: one fan, lists of fans, newest flags, brands. Records come back byte for byte."""

import msgspec

from agents.serve.keys import StoreKeys, open_windows
from agents.serve.redis_client import RedisClient
from schemas.serving import ActiveFlags, BrandRow, FanList

_active_flags = msgspec.json.Decoder(ActiveFlags)


class Queries:
    """Every question that the serving store answers; each takes at most three round trips, whatever its size."""

    def __init__(self, redis: RedisClient, keys: StoreKeys) -> None:
        self.redis, self.keys = redis, keys

    async def fan(self, brand: str, fan: str) -> bytes | None:
        """Return a fan's score record, or None."""
        record: bytes | None = await self.redis.get(self.keys.fan(brand, fan))
        return record

    async def fans(self, which: FanList, brand: str, limit: int) -> list[bytes]:
        """Return the score records of a list, the highest sort key first."""
        members = await self.redis.zrevrange(self.keys.fans(which, brand), 0, limit - 1)
        return await self._records([self.keys.fan(brand, fan.decode()) for fan in members])

    async def top_gainers(self, brand: str, limit: int, now: int) -> tuple[int, list[tuple[float, bytes]]]:
        """Return when the window began, and (points gained, score record) of who gained most; times in epoch ms."""
        since, _ = open_windows(now)
        members = await self.redis.zrevrange(self.keys.top_gainers(brand, since), 0, limit - 1, withscores=True)
        keys = [self.keys.fan(brand, fan.decode()) for fan, _ in members]
        records: list[bytes | None] = await self.redis.mget(keys) if keys else []
        return since, [(gain, record) for (_, gain), record in zip(members, records, strict=True) if record is not None]

    async def flags(self, brand: str, limit: int, category: str | None = None) -> list[bytes]:
        """Return a brand's newest flag records, of one category or of all."""
        return await self._flags(self.keys.flags(brand, category), brand, limit)

    async def fan_flags(self, brand: str, fan: str, limit: int) -> list[bytes]:
        """Return a fan's newest flag records."""
        return await self._flags(self.keys.fan_flags(brand, fan), brand, limit)

    async def angry(self, brand: str, limit: int) -> list[tuple[bytes, bytes | None]]:
        """Return (score record, record of the raised flag) of angry fans; None where the flag is no longer kept."""
        fans = await self.fans(FanList.ANGRY, brand, limit)
        keys = [self.keys.flag(brand, f"{_negative_flag(record)}:raised") for record in fans]
        records: list[bytes | None] = await self.redis.mget(keys) if keys else []
        return list(zip(fans, records, strict=True))

    async def brands(self, limit: int) -> list[BrandRow]:
        """Return the brands with the newest records, and the sizes of their lists."""
        names = [brand.decode() for brand in await self.redis.zrevrange(self.keys.brands, 0, limit - 1)]
        async with self.redis.pipeline(transaction=False) as pipe:
            for brand in names:
                for which in (FanList.TOP, FanList.AT_RISK, FanList.ANGRY):
                    pipe.zcard(self.keys.fans(which, brand))
            sizes = iter(await pipe.execute())
        return [BrandRow(brand, next(sizes), next(sizes), next(sizes)) for brand in names]

    async def _flags(self, key: str, brand: str, limit: int) -> list[bytes]:
        members = await self.redis.zrevrange(key, 0, limit - 1)
        return await self._records([self.keys.flag(brand, member.decode()) for member in members])

    async def _records(self, keys: list[str]) -> list[bytes]:
        records: list[bytes | None] = await self.redis.mget(keys) if keys else []
        return [record for record in records if record is not None]  # one may go between the two round trips


def _negative_flag(record: bytes) -> str:
    """Return the id of the most severe active negative flag of a score record."""
    flags = [flag for flag in _active_flags.decode(record).flags if flag.kind == "negative"]
    return max(flags, key=lambda flag: flag.severity).flag_id if flags else ""
