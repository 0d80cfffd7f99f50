"""Reading the copy: one fan, lists of fans, newest flags, brands. Records come back as they stand in the topics."""

import msgspec

from agents.serve.copy.connection import Client
from agents.serve.copy.keys import Keys
from agents.serve.copy.rises import begins
from schemas.outputs import FanScore
from schemas.serving import BrandLine, FanList, Shelf, Standing

_standing = msgspec.json.Decoder(Standing)
_score = msgspec.json.Decoder(FanScore)


class Lookups:
    """Every question that the copy answers; each costs at most three round trips, whatever its size."""

    def __init__(self, redis: Client, keys: Keys) -> None:
        """Take a client."""
        self.redis, self.keys = redis, keys

    async def fan(self, brand: str, fan: str) -> bytes | None:
        """Return a fan's score record, or None."""
        record: bytes | None = await self.redis.get(self.keys.fan(brand, fan))
        return record

    async def fans(self, which: FanList, brand: str, limit: int) -> list[bytes]:
        """Return the score records of a list, first the highest."""
        members = await self.redis.zrevrange(self.keys.fans(which, brand), 0, limit - 1)
        return await self._records([self.keys.fan(brand, fan.decode()) for fan in members])

    async def risers(self, brand: str, limit: int, now: int) -> tuple[int, list[tuple[float, bytes]]]:
        """Return a moment, and points gained since then with the score records of who gained most; all times in ms."""
        since, _ = begins(now)
        found = await self.redis.zrevrange(self.keys.risers(brand, since), 0, limit - 1, withscores=True)
        names = [self.keys.fan(brand, fan.decode()) for fan, _ in found]
        records: list[bytes | None] = await self.redis.mget(names) if names else []
        return since, [(gain, record) for (_, gain), record in zip(found, records, strict=True) if record is not None]

    async def flags(self, brand: str, limit: int, shelf: Shelf | None = None) -> list[bytes]:
        """Return a brand's newest flag records."""
        return await self._flags(self.keys.flags(brand, shelf), brand, limit)

    async def fan_flags(self, brand: str, fan: str, limit: int) -> list[bytes]:
        """Return a fan's newest flag records."""
        return await self._flags(self.keys.fan_flags(brand, fan), brand, limit)

    async def angry(self, brand: str, limit: int) -> list[tuple[bytes, bytes | None]]:
        """Return the score records of angry fans, each with the record of the flag that was raised, if still kept."""
        fans = await self.fans(FanList.ANGRY, brand, limit)
        raised = [_raised(record) for record in fans]
        names = [self.keys.flag(brand, f"{flag_id}:raised") for flag_id in raised]
        records: list[bytes | None] = await self.redis.mget(names) if names else []
        return list(zip(fans, records, strict=True))

    async def brands(self, limit: int) -> list[BrandLine]:
        """Return the brands that were announced last, with the sizes of their lists."""
        names = [brand.decode() for brand in await self.redis.zrevrange(self.keys.brands, 0, limit - 1)]
        async with self.redis.pipeline(transaction=False) as pipe:
            for brand in names:
                for which in (FanList.TOP, FanList.AT_RISK, FanList.ANGRY):
                    pipe.zcard(self.keys.fans(which, brand))
            sizes = iter(await pipe.execute())
        return [BrandLine(brand, next(sizes), next(sizes), next(sizes)) for brand in names]

    async def _flags(self, key: str, brand: str, limit: int) -> list[bytes]:
        members = await self.redis.zrevrange(key, 0, limit - 1)
        return await self._records([self.keys.flag(brand, member.decode()) for member in members])

    async def _records(self, names: list[str]) -> list[bytes]:
        records: list[bytes | None] = await self.redis.mget(names) if names else []
        return [record for record in records if record is not None]  # one may go between the two questions


def _raised(record: bytes) -> str:
    flags = [flag for flag in _standing.decode(record).flags if flag.kind == "negative"]
    return max(flags, key=lambda flag: flag.severity).flag_id if flags else ""


def read_score(record: bytes) -> FanScore:
    """Return a stored score record as a struct."""
    return _score.decode(record)
