"""Records as read become a batch: decoded, checked, only the newest of each fan, each transition once."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from schemas.outputs import FanFlag, FanScore

Fan = tuple[str, str]  # brand, fan
Named = TypeVar("Named", FanScore, FanFlag)

_score = msgspec.json.Decoder(FanScore)
_flag = msgspec.json.Decoder(FanFlag)


class Record(Protocol):
    """What is used of a consumer's record."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102


class Score(NamedTuple):
    """The newest that a batch says of a fan; without a record the fan was erased, and nothing came after."""

    record: FanScore | None
    raw: bytes
    announced: int  # the record's timestamp, ms
    erased: bool  # a tombstone came before: whatever is stored is void, its seq too


class Flag(NamedTuple):
    """One transition."""

    record: FanFlag
    raw: bytes
    announced: int

    @property
    def member(self) -> str:
        """What identifies the transition."""
        return f"{self.record.flag_id}:{self.record.state}"


class Batch:
    """What some records of both topics say together; ``stale`` and ``unreadable`` count what was left out."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.scores: dict[Fan, Score] = {}
        self.flags: dict[tuple[str, str], Flag] = {}  # by brand and member
        self.stale = 0
        self.unreadable = 0

    def add_scores(self, records: Iterable[Record]) -> None:
        """Add records of one partition of fan-scores, in their order."""
        for record in records:
            try:
                fan = _fan(record.key)
                score = None if record.value is None else _named(_score.decode(record.value), fan)
            except (msgspec.DecodeError, ValueError):  # a UnicodeError is a ValueError
                self.unreadable += 1
                continue
            seen = self.scores.get(fan)
            if score is None:
                self.scores[fan] = Score(None, b"", record.timestamp, erased=True)
            elif seen is not None and seen.record is not None and score.seq <= seen.record.seq:
                self.stale += 1
            else:
                erased = seen is not None and seen.erased
                self.scores[fan] = Score(score, record.value or b"", record.timestamp, erased)

    def add_flags(self, records: Iterable[Record]) -> None:
        """Add records of one partition of fan-flags."""
        for record in records:
            try:
                raw = record.value or b""
                flag = Flag(_named(_flag.decode(raw), _fan(record.key)), raw, record.timestamp)
            except (msgspec.DecodeError, ValueError):
                self.unreadable += 1
                continue
            place = flag.record.brand_id, flag.member
            self.stale += place in self.flags
            self.flags.setdefault(place, flag)


def _named(record: Named, fan: Fan) -> Named:
    if (record.brand_id, record.fan_id) != fan:
        raise ValueError("key and value name different fans")
    return record


def _fan(key: bytes | None) -> Fan:
    """Return brand and fan of a key.

    >>> _fan(b"miot:weibo:123")
    ('miot', 'weibo:123')
    """
    brand, colon, fan = (key or b"").decode().partition(":")
    if not (brand and colon and fan):
        raise ValueError("no key of a fan")
    return brand, fan
