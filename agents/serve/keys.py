"""Keys, caps and retention of everything in the serving store.

==================================  ==========  =================================================================
key                                 type        content
==================================  ==========  =================================================================
``epoch``                           string      which topics the store is built from; gone after a flush
``applied-offsets``                 hash        ``topic:partition`` -> next offset
``brands``                          sorted set  brand -> time of its newest record
``fan:{brand}:{fan}``               string      the record of fan-scores, byte for byte
``{list}:{brand}``                  sorted set  fans of a ``FanList`` by its sort key
``flag:{brand}:{flag_id}:{state}``  string      the record of fan-flags, byte for byte; expires
``flags:{brand}[:{category}]``      sorted set  newest flags by time, all or of one category
``fan-flags:{brand}:{fan}``         sorted set  a fan's newest flags by time; expires
``top-gainers:{brand}:{begin}``     sorted set  fans by points gained since ``begin``; expires
==================================  ==========  =================================================================
"""

from schemas.serving import FanList
from schemas.topics import DAY_MS, Names

FLAG_RETENTION_MS = 30 * DAY_MS  # as long as their topic keeps them
MAX_BRAND_FLAGS = 1000  # of a brand, all kinds
MAX_CATEGORY_FLAGS = 200  # of a brand and category
MAX_FAN_FLAGS = 50
MAX_CHURNED_FANS = 10_000  # of a brand: the newest; the top list holds every fan anyway
MAX_GAINERS = 2000  # of a window: those who gained most
GAIN_STEP_MS = 600_000  # a window of top gainers begins every step and is open for two


class StoreKeys:
    """Every key of one installation, all under one prefix.

    >>> keys = StoreKeys(Names("", "eu-", "fanpulse"))
    >>> keys.fan("miot", "weibo:123")
    'fanpulse:eu-fanpulse:fan:miot:weibo:123'
    """

    def __init__(self, names: Names) -> None:
        self.prefix = f"fanpulse:{names.output_prefix}{names.group}:"
        self.epoch = f"{self.prefix}epoch"
        self.applied_offsets = f"{self.prefix}applied-offsets"
        self.brands = f"{self.prefix}brands"

    def fan(self, brand: str, fan: str) -> str:
        """Return the key of a score record; unambiguous, because a brand id has no colon."""
        return f"{self.prefix}fan:{brand}:{fan}"

    def fans(self, which: FanList, brand: str) -> str:
        """Return the key of a list of fans."""
        return f"{self.prefix}{which}:{brand}"

    def flag(self, brand: str, member: str) -> str:
        """Return the key of a flag record; ``member`` is ``flag_id:state``."""
        return f"{self.prefix}flag:{brand}:{member}"

    def flags(self, brand: str, category: str | None = None) -> str:
        """Return the key of a brand's newest flags, of one category or of all."""
        return f"{self.prefix}flags:{brand}:{category}" if category else f"{self.prefix}flags:{brand}"

    def fan_flags(self, brand: str, fan: str) -> str:
        """Return the key of a fan's newest flags."""
        return f"{self.prefix}fan-flags:{brand}:{fan}"

    def top_gainers(self, brand: str, begin: int) -> str:
        """Return the key of the window of top gainers that begins at ``begin``, epoch ms."""
        return f"{self.prefix}top-gainers:{brand}:{begin}"


def open_windows(now: int) -> tuple[int, int]:
    """Return when the two open windows of top gainers began, epoch ms; queries read the first.

    The windows overlap, so the one that is read is 10 to 20 minutes old and never starts empty.

    >>> open_windows(1_500_000)
    (600000, 1200000)
    """
    newest = now // GAIN_STEP_MS * GAIN_STEP_MS
    return newest - GAIN_STEP_MS, newest
