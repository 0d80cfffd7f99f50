"""What the live page shows of one brand, in sections: each is sent only when it has changed."""

import time

import msgspec

from agents.serve.copy.lookups import Lookups
from schemas.serving import FanLine, FanList, FlagLine, Shelf

TOP_ROWS = 10
SHELF_ROWS = 8


class RiseLine(FanLine):
    """A fan who rose, and by how many points."""

    gained: float = 0.0


_fan = msgspec.json.Decoder(FanLine)
_rise = msgspec.json.Decoder(RiseLine)
_flag = msgspec.json.Decoder(FlagLine)
_encode = msgspec.json.Encoder().encode


class Sections:
    """Named pieces of JSON, each with the tick at which it last changed."""

    def __init__(self) -> None:
        """Start with none."""
        self._pieces: dict[str, tuple[int, bytes]] = {}

    def put(self, tick: int, name: str, piece: object) -> None:
        """Set a piece; nothing happens when it is the same as before."""
        raw = _encode(piece)
        if name not in self._pieces or self._pieces[name][1] != raw:
            self._pieces[name] = tick, raw

    def since(self, tick: int) -> list[bytes]:
        """Return the pieces that changed after a tick, as members of a JSON object.

        >>> sections = Sections()
        >>> sections.put(1, "a", [1]); sections.put(2, "b", 5); sections.put(3, "a", [1])
        >>> sections.since(0), sections.since(1)
        ([b'"a":[1]', b'"b":5'], [b'"b":5'])
        """
        return [b'"%b":%b' % (name.encode(), raw) for name, (at, raw) in self._pieces.items() if at > tick]


class Board:
    """One brand's sections."""

    def __init__(self, brand: str) -> None:
        """Take the brand."""
        self.brand = brand
        self.sections = Sections()

    async def build(self, tick: int, lookups: Lookups) -> None:
        """Read the copy; raises what Redis raises."""
        top = await lookups.fans(FanList.TOP, self.brand, TOP_ROWS)
        self.sections.put(tick, "top", [_fan.decode(record) for record in top])
        since, risen = await lookups.risers(self.brand, SHELF_ROWS, int(time.time() * 1000))
        lines = [msgspec.structs.replace(_rise.decode(record), gained=gain) for gain, record in risen]
        self.sections.put(tick, "rising", lines)
        self.sections.put(tick, "rising_since", since)
        for shelf in Shelf:
            flags = await lookups.flags(self.brand, SHELF_ROWS, shelf)
            self.sections.put(tick, shelf, [_flag.decode(record) for record in flags])
