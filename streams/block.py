"""From raw records to columns: decode each, refuse the bad, find the rows."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.events import ACTS, AHEAD_MS, COLON, KINDS, Act, Comment, Credit, Kind, Repost, Topic
from schemas.layout import Floats, Ints, Rows
from streams.columns import EVENT
from streams.hashes import hash_ids
from streams.records.lines import are_keys, read
from streams.records.spans import Record, Records
from streams.state.table import Table

DECODERS: dict[Topic, msgspec.json.Decoder[Any]] = {
    **{topic: msgspec.json.Decoder(act) for topic, act in ACTS.items()},
    Topic.CREDITS: msgspec.json.Decoder(Credit),
}
Sentiment = Callable[[list[str]], Floats]  # texts to -1..1


class Block(NamedTuple):
    """Columns for the fold and the acts they came from; where among the records each came from, and the refused."""

    records: Records
    events: Rows
    acts: list[Act]
    places: Ints
    refused: list[tuple[int, str]]

    def letters(self) -> list[tuple[Record, str]]:
        """Return the refused records, each with the reason."""
        return [(self.records[place], reason) for place, reason in self.refused]

    def taken(self) -> Records:
        """Return the records of the events."""
        return self.records.pick(self.places)

    def found(self, fans: Table) -> "Block":
        """Return the block with the rows of its fans; keys of other partitions are refused."""
        rows = fans.find(self.taken().keys())
        self.events["row"] = rows
        if not len(rows) or rows.min() >= 0:
            return self
        home, strange = np.flatnonzero(rows >= 0), self.places[rows < 0].tolist()
        refused = self.refused + [(place, "key belongs to another partition") for place in strange]
        acts = [self.acts[i] for i in home.tolist()]
        return Block(self.records, self.events[home], acts, self.places[home], refused)

    def parts(self, sizes: Sequence[int]) -> list["Block"]:
        """Return a block for each of the blocks whose records were joined."""
        if len(sizes) == 1:
            return [self]
        edges = np.cumsum([0, *sizes])
        cuts = np.searchsorted(self.places, edges).tolist()
        return [self._part(*place, *cut) for place, cut in zip(pairwise(edges.tolist()), pairwise(cuts), strict=True)]

    def _part(self, start: int, stop: int, first: int, last: int) -> "Block":
        refused = [(place - start, reason) for place, reason in self.refused if start <= place < stop]
        records, places = self.records.part(start, stop), self.places[first:last] - start
        return Block(records, self.events[first:last], self.acts[first:last], places, refused)


class Sieve:
    """The records of a block that are still good, by their place, beside what is in them."""

    def __init__(self, records: Records, topic: Topic) -> None:
        self.records, self.refused = records, list[tuple[int, str]]()
        self.acts, self.places = read(records, DECODERS[topic], self.refused)

    def drop(self, bad: NDArray[np.bool_], reason: str | None) -> None:
        """Refuse some, or without a reason leave them out."""
        if reason:
            self.refused += [(place, reason) for place in self.places[bad].tolist()]
        self.acts = [self.acts[i] for i in np.flatnonzero(~bad).tolist()]
        self.places = self.places[~bad]

    def drop_future(self, now: int) -> None:
        """Refuse events of a time that our clock is not near yet."""
        at = np.array([act.event_time for act in self.acts], np.int64)
        if len(at) and at.max() > now + AHEAD_MS:
            self.drop(at > now + AHEAD_MS, "event_time is more than 5 minutes ahead of our clock")

    def drop_wrong_keys(self) -> None:
        """Refuse records whose key is not that of their fan."""
        brands = [act.brand_id for act in self.acts]
        if any(":" in brand for brand in set(brands)):
            self.drop(np.array([":" in brand for brand in brands]), COLON)
            brands = [act.brand_id for act in self.acts]
        keys, fans = self.records.pick(self.places).keys(), [act.fan_id for act in self.acts]
        if not are_keys(keys, _lines(brands), _lines(fans)):
            own = [f"{brand}:{fan}".encode() for brand, fan in zip(brands, fans, strict=True)]
            wrong = [keys.at(i) != key for i, key in enumerate(own)]
            self.drop(np.array(wrong, bool), "key is not brand_id:fan_id")

    def drop_staff(self, staff: frozenset[bytes]) -> None:
        """Leave out a brand's own people."""
        if staff:
            keys = self.records.pick(self.places).keys()
            self.drop(np.array([keys.at(i) in staff for i in range(len(self.acts))], bool), None)


def decode(records: Records, topic: Topic, fans: Table, now: int, sentiment: Sentiment | None = None) -> Block:
    """Return the columns of one partition's records, rows and all; see ``columns``."""
    return columns(records, topic, fans.brands.staff, now, sentiment).found(fans)


def columns(
    records: Records, topic: Topic, staff: frozenset[bytes], now: int, sentiment: Sentiment | None = None
) -> Block:
    """Return the columns of a topic's records, rows to be found; what is neither there nor refused is staff's.

    ``now`` is our clock in ms: an event more than 5 minutes ahead of it is refused.
    """
    good = Sieve(records, topic)
    good.drop_future(now)
    good.drop_wrong_keys()
    good.drop_staff(staff)
    acts = good.acts
    events = np.zeros(len(acts), EVENT)
    events["offset"] = records.offset[good.places]
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
    return Block(records, events, acts, good.places, good.refused)


def _lines(texts: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join([*texts, ""]).encode(), np.uint8)


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
