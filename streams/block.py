"""From raw records to columns: decode each, refuse the bad, find the rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from schemas.events import ACTS, AHEAD_MS, KINDS, LONGEST, Act, Comment, Credit, Kind, Repost, Topic
from schemas.layout import Floats, Rows
from streams.columns import EVENT
from streams.hashes import hash_ids
from streams.state.table import Table

DECODERS: dict[Topic, msgspec.json.Decoder[Act] | msgspec.json.Decoder[Credit]] = {
    **{topic: msgspec.json.Decoder(act) for topic, act in ACTS.items()},
    Topic.CREDITS: msgspec.json.Decoder(Credit),
}
Sentiment = Callable[[list[str]], Floats]  # texts to -1..1


class Record(Protocol):
    """What Kafka delivers."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Block(NamedTuple):
    """Columns for the fold, the acts and records they came from, what was refused and why, and how many ignored."""

    events: Rows
    acts: list[Act]
    records: list[Record]
    refused: list[tuple[Record, str]]
    ignored: int


def decode(records: Sequence[Record], topic: Topic, fans: Table, now: int, sentiment: Sentiment | None = None) -> Block:
    """Return the block's columns; each record is in them, in ``refused``, or ignored as staff's.

    ``now`` is our clock in ms: an event more than 5 minutes ahead of it is refused.
    """
    acts: list[Act] = []
    good: list[Record] = []
    refused: list[tuple[Record, str]] = []
    read, latest = DECODERS[topic].decode, now + AHEAD_MS
    for record in records:
        value = record.value
        if not value or len(value) > LONGEST:
            refused.append((record, _size(value)))
            continue
        try:
            act = read(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            refused.append((record, str(error)))
            continue
        if act.event_time > latest:
            refused.append((record, "event_time is more than 5 minutes ahead of our clock"))
            continue
        acts.append(act)  # type: ignore[arg-type]  # a credit has what is read of it below
        good.append(record)
    keys = [f"{act.brand_id}:{act.fan_id}".encode() for act in acts]
    if keys != [record.key for record in good]:
        said = "key is not brand_id:fan_id"
        good, acts, keys = _kept(
            [r.key == key for r, key in zip(good, keys, strict=True)], good, acts, keys, refused, said
        )
    ignored = 0
    if not fans.brands.staff.isdisjoint(keys):
        staff: list[tuple[Record, str]] = []
        good, acts, keys = _kept([key not in fans.brands.staff for key in keys], good, acts, keys, staff, "staff")
        ignored = len(staff)
    rows = fans.find(keys)
    if len(rows) and rows.min() < 0:
        at_home = rows >= 0
        good, acts, keys = _kept(at_home.tolist(), good, acts, keys, refused, "key belongs to another partition")
        rows = rows[at_home]
    events = np.zeros(len(acts), EVENT)
    events["row"] = rows
    events["offset"] = [record.offset for record in good]
    events["at"] = [act.event_time for act in acts]
    if topic == Topic.CREDITS:
        events["kind"] = Kind.CREDIT
    else:
        events["ident"] = hash_ids([act.event_id for act in acts])
        events["kind"] = [KINDS[act.type] for act in acts]
        events["is_incentivized"] = [act.incentivized for act in acts]
    events["sentiment"] = _feelings(acts, sentiment) if topic == Topic.COMMENTS else np.nan
    if topic == Topic.REPOSTS:
        events["earns"] = [_earns(act) for act in acts]
    return Block(events, acts, good, refused, ignored)


def _size(value: bytes | None) -> str:
    if value is None:
        return "value is null"
    return f"value of {len(value)} bytes, more than {LONGEST}" if value else "value is empty"


def _earns(act: Act) -> bool:
    return isinstance(act, Repost) and act.parent_fan_id is not None and act.parent_fan_id != act.fan_id


def _kept(
    keep: list[bool],
    good: list[Record],
    acts: list[Act],
    keys: list[bytes],
    refused: list[tuple[Record, str]],
    reason: str,
) -> tuple[list[Record], list[Act], list[bytes]]:
    refused += [(record, reason) for record, kept in zip(good, keep, strict=True) if not kept]
    picked = [i for i, kept in enumerate(keep) if kept]
    return [good[i] for i in picked], [acts[i] for i in picked], [keys[i] for i in picked]


def _feelings(acts: list[Act], sentiment: Sentiment | None) -> Floats:
    given = np.array(
        [act.sentiment if isinstance(act, Comment) and act.sentiment is not None else np.nan for act in acts]
    )
    unsaid = np.flatnonzero(np.isnan(given))
    if sentiment is not None and len(unsaid):
        given[unsaid] = sentiment(
            [act.text or "" for act in (acts[i] for i in unsaid.tolist()) if isinstance(act, Comment)]
        )
    return given
