"""From raw records to columns: decode each, refuse the bad, find the rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.events import ACTS, AHEAD_MS, COLON, KINDS, Act, Comment, Credit, Kind, Repost, Topic
from schemas.layout import Floats, Rows
from streams.columns import EVENT
from streams.hashes import hash_ids
from streams.records.lines import are_lines, read
from streams.records.spans import Record, Records
from streams.state.table import Table

DECODERS: dict[Topic, msgspec.json.Decoder[Any]] = {
    **{topic: msgspec.json.Decoder(act) for topic, act in ACTS.items()},
    Topic.CREDITS: msgspec.json.Decoder(Credit),
}
Sentiment = Callable[[list[str]], Floats]  # texts to -1..1


class Block(NamedTuple):
    """Columns for the fold, the acts and records they came from, what was refused and why, and how many ignored."""

    events: Rows
    acts: list[Act]
    records: Records
    refused: list[tuple[Record, str]]
    ignored: int


class Sieve:
    """The records of a block that are still good, beside what is in them."""

    def __init__(self, records: Records, topic: Topic) -> None:
        self.refused: list[tuple[Record, str]] = []
        self.records, self.acts = read(records, DECODERS[topic], self.refused)

    def drop(self, bad: NDArray[np.bool_], reason: str | None) -> None:
        """Refuse some, or without a reason leave them out."""
        if reason:
            self.refused += [(self.records[i], reason) for i in np.flatnonzero(bad).tolist()]
        kept = np.flatnonzero(~bad)
        self.records, self.acts = self.records.pick(kept), [self.acts[i] for i in kept.tolist()]

    def drop_wrong_keys(self) -> None:
        """Refuse records whose key is not that of their fan."""
        if any(":" in brand for brand in {act.brand_id for act in self.acts}):
            self.drop(np.array([":" in act.brand_id for act in self.acts]), COLON)
        said = "".join([f"{act.brand_id}:{act.fan_id}\n" for act in self.acts]).encode()
        if not are_lines(self.records.keys(), np.frombuffer(said, np.uint8)):
            keys = [f"{act.brand_id}:{act.fan_id}".encode() for act in self.acts]
            wrong = [record.key != key for record, key in zip(self.records, keys, strict=True)]
            self.drop(np.array(wrong, bool), "key is not brand_id:fan_id")

    def drop_staff(self, staff: frozenset[bytes]) -> int:
        """Leave out a brand's own people; return how many."""
        if not staff:
            return 0
        before, keys = len(self.acts), self.records.keys()
        self.drop(np.array([keys.at(i) in staff for i in range(before)], bool), None)
        return before - len(self.acts)


def decode(records: Records, topic: Topic, fans: Table, now: int, sentiment: Sentiment | None = None) -> Block:
    """Return the block's columns; each record is in them, in ``refused``, or ignored as staff's.

    ``now`` is our clock in ms: an event more than 5 minutes ahead of it is refused.
    """
    good = Sieve(records, topic)
    at = np.array([act.event_time for act in good.acts], np.int64)
    if len(at) and at.max() > now + AHEAD_MS:
        good.drop(at > now + AHEAD_MS, "event_time is more than 5 minutes ahead of our clock")
    good.drop_wrong_keys()
    ignored = good.drop_staff(fans.brands.staff)
    rows = fans.find(good.records.keys())
    if len(rows) and rows.min() < 0:
        good.drop(rows < 0, "key belongs to another partition")
        rows = rows[rows >= 0]
    acts = good.acts
    events = np.zeros(len(acts), EVENT)
    events["row"] = rows
    events["offset"] = good.records.offset
    events["at"] = at if len(at) == len(acts) else [act.event_time for act in acts]
    if topic == Topic.CREDITS:
        events["kind"] = Kind.CREDIT
    else:
        events["ident"] = hash_ids([act.event_id for act in acts])
        events["kind"] = [KINDS[act.type] for act in acts]
        events["is_incentivized"] = [act.incentivized for act in acts]
    events["sentiment"] = _feelings(acts, sentiment) if topic == Topic.COMMENTS else np.nan
    if topic == Topic.REPOSTS:
        events["earns"] = [_earns(act) for act in acts]
    return Block(events, acts, good.records, good.refused, ignored)


def _earns(act: Act) -> bool:
    return isinstance(act, Repost) and act.parent_fan_id is not None and act.parent_fan_id != act.fan_id


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
