"""Records of the output topics become a batch: decoded, checked, the newest of each fan, each transition once."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from schemas.outputs.records import FanFlag, FanScore

FanKey: TypeAlias = tuple[str, str]  # brand_id, fan_id
FlagKey: TypeAlias = tuple[str, str]  # brand_id, "flag_id:state"
Output = TypeVar("Output", FanScore, FanFlag)

_score = msgspec.json.Decoder(FanScore)
_flag = msgspec.json.Decoder(FanFlag)


class ServedRecord(Protocol):
    """The part of aiokafka's ``ConsumerRecord`` that is used here."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102


class ScoreUpdate(NamedTuple):
    """The newest state of a fan in a batch; ``record`` is None where the fan was erased and not seen again."""

    record: FanScore | None
    raw: bytes
    published_at: int  # the record's timestamp, ms
    erased: bool  # after a tombstone: whatever is stored is void, its seq too


class FlagUpdate(NamedTuple):
    """One transition of a flag."""

    record: FanFlag
    raw: bytes
    published_at: int  # the record's timestamp, ms

    @property
    def member(self) -> str:
        """What identifies the transition within its brand."""
        return f"{self.record.flag_id}:{self.record.state}"


class OutputBatch:
    """The updates in some records of both output topics.

    ``stale`` and ``unreadable`` count the records that were left out.
    """

    def __init__(self) -> None:
        self.scores: dict[FanKey, ScoreUpdate] = {}
        self.flags: dict[FlagKey, FlagUpdate] = {}
        self.stale = 0
        self.unreadable = 0

    def add_scores(self, records: Iterable[ServedRecord]) -> None:
        """Add records of one partition of fan-scores, in their order."""
        for record in records:
            try:
                fan = _fan_key(record.key)
                score = None if record.value is None else _checked(_score.decode(record.value), fan)
            except (msgspec.DecodeError, ValueError):  # a UnicodeError is a ValueError
                self.unreadable += 1
                continue
            previous = self.scores.get(fan)
            if score is None:
                self.scores[fan] = ScoreUpdate(None, b"", record.timestamp, erased=True)
            elif previous is not None and previous.record is not None and score.seq <= previous.record.seq:
                self.stale += 1
            else:
                erased = previous is not None and previous.erased
                self.scores[fan] = ScoreUpdate(score, record.value or b"", record.timestamp, erased)

    def add_flags(self, records: Iterable[ServedRecord]) -> None:
        """Add records of one partition of fan-flags, in their order."""
        for record in records:
            try:
                raw = record.value or b""
                flag = FlagUpdate(_checked(_flag.decode(raw), _fan_key(record.key)), raw, record.timestamp)
            except (msgspec.DecodeError, ValueError):
                self.unreadable += 1
                continue
            key = flag.record.brand_id, flag.member
            self.stale += key in self.flags
            self.flags.setdefault(key, flag)


def _checked(record: Output, fan: FanKey) -> Output:
    if (record.brand_id, record.fan_id) != fan:
        raise ValueError("key and value name different fans")
    return record


def _fan_key(key: bytes | None) -> FanKey:
    """Split a record's key.

    >>> _fan_key(b"miot:weibo:123")
    ('miot', 'weibo:123')
    """
    brand, colon, fan = (key or b"").decode().partition(":")
    if not (brand and colon and fan):
        raise ValueError("the key is not brand_id:fan_id")
    return brand, fan
