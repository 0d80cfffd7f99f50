"""Records of one input as columns for the fold: decoded, checked, the refused put aside with the reason."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from schemas.dead_letters import Refusal, RefusalKind
from schemas.inputs.comments import Comment
from schemas.inputs.declaration import COLON_IN_BRAND, MAX_CLOCK_AHEAD_MS, Act, Input
from schemas.row import Floats, Ints, Rows
from streams.decode.refusals import refusal_of
from streams.rules.rule import EVENT, TIME
from streams.wire.json_lines import are_keys, read
from streams.wire.records import Records

Sentiment: TypeAlias = Callable[[list[str]], Floats]  # texts to -1..1
Refused: TypeAlias = tuple[int, Refusal]  # place among the records, and why

FUTURE = Refusal(RefusalKind.FUTURE, "event_time is more than 5 minutes ahead of our clock")
WRONG_PARTITION = Refusal(RefusalKind.WRONG_PARTITION, "key belongs to another partition")
WRONG_KEY = Refusal(RefusalKind.WRONG_KEY, "key is not brand_id:fan_id")
COLON_REFUSAL = Refusal(RefusalKind.WRONG_KEY, COLON_IN_BRAND)


class DecodedBatch(NamedTuple):
    """The records of one partition and input: events (dtype EVENT) and the acts they came from, in order.

    ``places`` (int64[n]) says where among the records each event stands; ``refused`` where the others do, and why.
    """

    records: Records
    events: Rows
    acts: list[Any]
    places: Ints
    refused: list[Refused]

    def accepted(self) -> Records:
        """Return the records of the events."""
        return self.records.pick(self.places)

    def keep(self, good: NDArray[np.bool_], refusal: Refusal) -> "DecodedBatch":
        """Return the batch with the events where ``good`` is false refused."""
        refused = self.refused + [(place, refusal) for place in self.places[~good].tolist()]
        acts = [self.acts[i] for i in np.flatnonzero(good).tolist()]
        return DecodedBatch(self.records, self.events[good], acts, self.places[good], refused)

    def split(self, sizes: Sequence[int]) -> list["DecodedBatch"]:
        """Return a batch for each of the batches whose records were joined; ``sizes`` are their numbers of records."""
        if len(sizes) == 1:
            return [self]
        edges = np.cumsum([0, *sizes])
        cuts = np.searchsorted(self.places, edges).tolist()
        return [self._part(*place, *cut) for place, cut in zip(pairwise(edges.tolist()), pairwise(cuts), strict=True)]

    def _part(self, start: int, stop: int, first: int, last: int) -> "DecodedBatch":
        refused = [(place - start, refusal) for place, refusal in self.refused if start <= place < stop]
        records, places = self.records.part(start, stop), self.places[first:last] - start
        return DecodedBatch(records, self.events[first:last], self.acts[first:last], places, refused)


def decode(source: Input, records: Records, now: int, sentiment: Sentiment | None = None) -> DecodedBatch:
    """Return the columns of records of one input, rows to be found.

    ``now`` is our clock, ms: an event more than 5 minutes ahead of it is refused.
    """
    errors: list[tuple[int, str]] = []
    acts, places = read(records, _decoder(source.record), errors)
    batch = DecodedBatch(records, np.zeros(len(acts), EVENT), acts, places, [(i, refusal_of(e)) for i, e in errors])
    batch.events["at"] = [act.event_time for act in acts]
    batch = _refuse_future(batch, now)
    batch = _refuse_wrong_keys(batch)
    events, acts = batch.events, batch.acts
    events["kind"] = _kinds(source, acts)
    events["rhythm"] = TIME if source.rhythm is None else source.rhythm
    events["sentiment"] = _sentiments(acts, sentiment) if source.has_text else np.nan
    if not source.is_internal:
        events["is_incentivized"] = [act.incentivized for act in acts]
    if source.emits_attribution:
        events["emits_attribution"] = [act.parent_fan_id not in (None, act.fan_id) for act in acts]
    return batch


@cache
def _decoder(record: type[Struct]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(record)


@cache
def _numbers(source: Input) -> dict[str, int]:
    return {kind.name: kind.number for kind in source.kinds}


def _kinds(source: Input, acts: list[Act]) -> list[int] | int:
    numbers = _numbers(source)
    return next(iter(numbers.values())) if len(numbers) == 1 else [numbers[act.type] for act in acts]


def _refuse_future(batch: DecodedBatch, now: int) -> DecodedBatch:
    at = batch.events["at"]
    if not len(at) or at.max() <= now + MAX_CLOCK_AHEAD_MS:
        return batch
    return batch.keep(at <= now + MAX_CLOCK_AHEAD_MS, FUTURE)


def _refuse_wrong_keys(batch: DecodedBatch) -> DecodedBatch:
    brands = [act.brand_id for act in batch.acts]
    if any(":" in brand for brand in set(brands)):
        batch = batch.keep(np.array([":" not in brand for brand in brands]), COLON_REFUSAL)
        brands = [act.brand_id for act in batch.acts]
    keys, fans = batch.accepted().keys(), [act.fan_id for act in batch.acts]
    if are_keys(keys, _lines(brands), _lines(fans)):
        return batch
    own = [f"{brand}:{fan}".encode() for brand, fan in zip(brands, fans, strict=True)]
    return batch.keep(np.array([keys.at(i) == key for i, key in enumerate(own)], bool), WRONG_KEY)


def _lines(texts: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join([*texts, ""]).encode(), np.uint8)


def _sentiments(acts: list[Comment], sentiment: Sentiment | None) -> Floats:
    given = np.array([np.nan if act.sentiment is None else act.sentiment for act in acts], np.float64)
    missing = np.flatnonzero(np.isnan(given))
    if sentiment is not None and len(missing):
        given[missing] = sentiment([acts[i].text or "" for i in missing.tolist()])
    return given
