"""Names, caps and lifetimes of everything that is kept in Redis."""

from schemas.serving import FanList, Shelf
from schemas.topics import DAY_MS, Names

FLAG_LIFE_MS = 30 * DAY_MS  # as long as their topic keeps them
NEWEST_FLAGS = 1000  # of a brand, all kinds
SHELF_FLAGS = 200  # of a brand and shelf
FAN_FLAGS = 50  # of a fan
CHURNED_FANS = 10_000  # of a brand: who left last; the top list holds every fan anyway


class Keys:
    """Every key of one installation, all under one prefix.

    >>> keys = Keys(Names("", "eu-", "fanpulse"))
    >>> keys.fan("miot", "weibo:123")
    'fanpulse:eu-fanpulse:fan:miot:weibo:123'
    """

    def __init__(self, names: Names) -> None:
        """Take the installation's names."""
        self.prefix = f"fanpulse:{names.output_prefix}{names.group}:"
        self.run = f"{self.prefix}run"  # which topics this copy is made of; gone after a flush
        self.positions = f"{self.prefix}positions"  # hash: topic:partition -> next offset
        self.brands = f"{self.prefix}brands"  # sorted set: brand -> moment of its newest announcement

    def fan(self, brand: str, fan: str) -> str:
        """A fan's score record, as it stands in fan-scores; a brand has no colon, so this is unambiguous."""
        return f"{self.prefix}fan:{brand}:{fan}"

    def fans(self, which: FanList, brand: str) -> str:
        """A sorted set of fans."""
        return f"{self.prefix}{which}:{brand}"

    def flag(self, brand: str, member: str) -> str:
        """A flag's record, as it stands in fan-flags; ``member`` is ``flag_id:state``."""
        return f"{self.prefix}flag:{brand}:{member}"

    def flags(self, brand: str, shelf: Shelf | None = None) -> str:
        """A sorted set of newest flags, by arrival."""
        return f"{self.prefix}flags:{brand}:{shelf}" if shelf else f"{self.prefix}flags:{brand}"

    def fan_flags(self, brand: str, fan: str) -> str:
        """A sorted set of one fan's newest flags."""
        return f"{self.prefix}fan-flags:{brand}:{fan}"

    def risers(self, brand: str, begin: int) -> str:
        """A sorted set of the fans who rose since a moment (ms), by points gained."""
        return f"{self.prefix}risers:{brand}:{begin}"
