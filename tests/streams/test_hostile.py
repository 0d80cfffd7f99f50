"""Hostile records: each is refused or taken by the rules, and its neighbours in the batch change nothing."""

import string
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.inputs import COMMENTS, INPUTS, LIKES, PURCHASES, REPOSTS
from schemas.inputs.declaration import MAX_VALUE_BYTES, Input
from schemas.inputs.lookup import public
from schemas.row import Floats
from streams.decode.decoder import DecodedBatch, decode
from streams.task import Task
from streams.wire.records import Record, Records
from tests.streams.histories import NEVER_FUTURE, START, new_task, record

SAMPLE = record(1, 0, text="so close", post_id="p1", parent_fan_id="star")
OBJECT = SAMPLE.value or b""
OPEN = OBJECT[:-1]  # a field can be put behind it
DEEP = 20_000  # levels, within the bytes that a record may have

# name -> (value, a word of the reason; empty: it is taken)
KINDS: dict[str, tuple[bytes | None, str]] = {
    "null": (None, "null"),
    "empty": (b"", "empty"),
    "white space": (b" \r\n\t", "truncated"),
    "deep arrays": (OPEN + b',"x":' + b"[" * DEEP + b"]" * DEEP + b"}", "recursion"),
    "deep objects": (OPEN + b',"x":' + b'{"a":' * 9_000 + b"1" + b"}" * 9_000 + b"}", "recursion"),
    "deep and cut short": (OPEN + b',"x":' + b"[" * DEEP, ""),  # which of the two is the reason does not matter
    "deep from the start": (b"[" * MAX_VALUE_BYTES, "object"),
    "10 MB": (OPEN + b',"x":"' + b"a" * 10_000_000 + b'"}', "bytes"),
    "half a surrogate pair": (OPEN + b',"text":"\\ud800"}', "truncated"),
    "the other half": (OPEN + b',"text":"\\udc00 "}', "surrogate"),
    "a surrogate in UTF-8": (OPEN + b',"text":"\xed\xa0\x80"}', "utf-8"),
    "overlong UTF-8": (OPEN + b',"fan_id":"\xc0\x80"}', "utf-8"),
    "beyond every float": (OPEN + b',"sentiment":1e999}', "range"),
    "NaN": (OPEN + b',"sentiment":NaN}', "malformed"),
    "Infinity": (OPEN + b',"sentiment":-Infinity}', "malformed"),
    "beyond every int": (OPEN + b',"event_time":' + b"9" * 5_000 + b"}", "range"),
    "time zero": (OPEN + b',"event_time":0}', "event_time"),
    "time below zero": (OPEN + b',"event_time":-1}', "event_time"),
    "a float for a time": (OPEN + b',"event_time":1.7e12}', "event_time"),
    "a BOM": (b"\xef\xbb\xbf" + OBJECT, "malformed"),
    "UTF-16": (OBJECT.decode().encode("utf-16"), "malformed"),
    "UTF-32": (OBJECT.decode().encode("utf-32-be"), "malformed"),
    "a raw NUL": (OPEN + b',"text":"\x00"}', "malformed"),
    "a raw newline in a string": (OPEN + b',"text":"a\nb"}', "malformed"),
    "a NUL behind": (OBJECT + b"\x00", "trailing"),
    "two objects": (OBJECT + OBJECT, "trailing"),
    "two lines": (OBJECT + b"\n" + OBJECT, "trailing"),
    "two with a comma": (OBJECT + b"," + OBJECT, "trailing"),
    "a list of objects": (b"[" + OBJECT + b"]", "object"),
    "a list's end": (OBJECT + b"]", "trailing"),
    "a text that is not closed": (OPEN + b',"text":"', "truncated"),
    "the end of another": (b'"}', "truncated"),
    "a comment": (OPEN + b"/* */}", "malformed"),
    "a brand with a colon": (OPEN + b',"brand_id":"miot:f"}', "brand_id"),
    "an id of 65 characters": (OPEN + b',"event_id":"' + b"e" * 65 + b'"}', "event_id"),
    "an empty id": (OPEN + b',"fan_id":""}', "fan_id"),
    "another's key": (OPEN + b',"fan_id":"g"}', "key"),
    "doubled keys, the last one counts": (OPEN + b',"event_id":"other","event_id":"e9"}', ""),
    "escaped keys": (OPEN + b',"\\u0065vent_id":"e9"}', ""),
    "lines within an object": (OBJECT.replace(b",", b",\r\n\t") + b" \n", ""),
    "a large number that nobody reads": (OPEN + b',"x":' + b"9" * 5_000 + b',"y":1e999}', ""),
    "bad UTF-8 where nobody reads": (OPEN + b',"x":"\xff\xfe"}', ""),
}  # fmt: skip
TAKEN = [name for name, (_, word) in KINDS.items() if not word and name != "deep and cut short"]


class Fate(NamedTuple):
    """What became of one record: its key, columns and act if it was taken, otherwise why not."""

    key: bytes | None
    columns: dict[str, str] | None
    act: object
    reason: str


def fates(records: list[Record], source: Input, *cuts: int) -> dict[int, Fate]:
    """Return offset -> fate of records that are decoded together: as one batch, or as those between the cuts."""
    task = new_task()
    edges = [0, *(min(cut, len(records)) for cut in sorted(cuts)), len(records)]
    parts = [Records.of(records[a:b]) for a, b in pairwise(edges)]
    decoded = decode(source, Records.joined(parts), NEVER_FUTURE, lengths)
    found: dict[int, Fate] = {}
    for batch in decoded.split([len(part) for part in parts]):
        found |= _fates(batch, task, source)
    assert len(found) == len(records), "each record has one fate"
    return found


def _fates(batch: DecodedBatch, task: Task, source: Input) -> dict[int, Fate]:
    # as text, for nan is not equal to itself
    columns = [{name: repr(event[name].item()) for name in event.dtype.names} for event in batch.events]
    batch = task.process(source, batch, 0, START)
    found = {batch.records[i].offset: Fate(None, None, None, refusal.reason) for i, refusal in batch.refused}
    keys = task.fans.index.keys(batch.events["row"])
    for key, decoded, act, one in zip(keys, columns, batch.acts, batch.accepted(), strict=True):
        found[one.offset] = Fate(bytes(key), decoded, act, "")
    assert len(found) == len(batch.records)
    return found


def lengths(texts: list[str]) -> Floats:
    """Stand for the sentiment model: what it says of a text shows which text it was given."""
    return np.array([1 / (1 + len(text)) for text in texts])


def alone(records: list[Record], source: Input) -> dict[int, Fate]:
    """Return offset -> fate of records of which each is a batch of its own."""
    return {offset: fate for one in records for offset, fate in fates([one], source).items()}


def placed(values: list[bytes | None]) -> list[Record]:
    """Return values as records of one partition, in order."""
    return [Record(offset, 0, SAMPLE.key, value) for offset, value in enumerate(values)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_record_is_refused_for_what_it_is_or_counts_by_the_rules(kind: str) -> None:
    value, word = KINDS[kind]
    fate = fates(placed([value]), COMMENTS)[0]
    if kind in TAKEN:
        assert (fate.reason, fate.key) == ("", SAMPLE.key)
    else:
        assert word in fate.reason
        assert fate.reason
        assert len(fate.reason) < 300


@pytest.mark.parametrize("source", public(INPUTS), ids=lambda source: source.name)
def test_every_kind_between_good_neighbours_changes_none_of_them(source: Input) -> None:
    values = [value for value, _ in KINDS.values()]
    for distance in (1, 2, 5):  # one good record in so many
        mixed = [part for i, value in enumerate(values) for part in ([OBJECT] * (i % distance == 0) + [value])]
        records = placed([*mixed, OBJECT])
        assert fates(records, source) == alone(records, source)


FIELDS = ["event_id", "brand_id", "fan_id", "platform", "type", "text", "post_id", "sentiment", "event_time", "x"]
SEAMS = [b"", b",", b"\n", b" ", b",\n", b"\r\n", b"\x00", b"\x1e", b"],[", b"}{"]


def objects() -> st.SearchStrategy[bytes]:
    """Return good events of a few fans, with texts and ids that look like JSON."""
    names = st.text(st.sampled_from("a\"\\,[]{}\n\x00<&'é猫\U0001f600 "), min_size=1, max_size=6)
    return st.builds(
        lambda n, more: record(n, n, **more).value or b"",
        st.integers(0, 99),
        st.fixed_dictionaries({}, optional={"fan_id": names, "text": names, "post_id": names, "parent_fan_id": names}),
    )


def broken() -> st.SearchStrategy[bytes]:
    """Return bytes of every kind: noise, JSON of any shape, a good event with one field put in or one byte changed."""
    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: str(value).encode() if isinstance(value, float) else msgspec.json.encode(value))
    fielded = st.builds(lambda name, value: OPEN + b',"%b":%b}' % (name.encode(), value), st.sampled_from(FIELDS), json)
    bitten = st.builds(
        lambda at, byte: OBJECT[: at % len(OBJECT)] + byte + OBJECT[at % len(OBJECT) + 1 :],
        st.integers(0, 10_000),
        st.binary(max_size=2),
    )
    dead_letters = st.text(string.printable, max_size=20).map(str.encode)
    return st.binary(max_size=20) | dead_letters | json | fielded | bitten | objects().map(lambda value: value[:-3])


def torn() -> st.SearchStrategy[list[bytes]]:
    """Return good events joined by something and cut again, in as many pieces as there were events."""

    def cut(whole: list[bytes], seam: bytes, places: list[int]) -> list[bytes]:
        text = seam.join(whole)
        ends = sorted(place % (len(text) + 1) for place in places[: len(whole) - 1])
        return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]

    places = st.lists(st.integers(0, 10_000), min_size=4, max_size=4)
    return st.builds(cut, st.lists(objects(), min_size=2, max_size=5), st.sampled_from(SEAMS), places)


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(objects().map(lambda one: [one]) | broken().map(lambda one: [one]) | torn(), max_size=6),
    source=st.sampled_from(public(INPUTS)),
    cuts=st.lists(st.integers(0, 8), max_size=3),
)
# As many objects as records when they are joined, and none of these records is one.
@example(parts=[[OBJECT + b',{"x":"', b'",' + OBJECT[1:]]], source=LIKES, cuts=[1])
@example(parts=[[OBJECT + b"," + OBJECT[:30], OBJECT[30:]]], source=LIKES, cuts=[1])
@example(parts=[[OBJECT + b"\n" + OBJECT[:30], OBJECT[30:]]], source=LIKES, cuts=[1])
@example(parts=[[OBJECT + b"," + OBJECT, b" "]], source=COMMENTS, cuts=[1])
@example(parts=[[OBJECT, b"\n", OBJECT + b"\n" + OBJECT]], source=COMMENTS, cuts=[1])
@example(parts=[[OBJECT + b"]", b"[" + OBJECT]], source=PURCHASES, cuts=[1])
@example(parts=[[OBJECT + b'\n{"x":"}', b'{",' + OBJECT[1:]]], source=LIKES, cuts=[1])
@example(parts=[[OBJECT + OBJECT, b'{"x":{}', b"{}" + OBJECT]], source=REPOSTS, cuts=[1])
@example(parts=[[OPEN + b',"x":[{}', b"{}]}", OBJECT + OBJECT]], source=LIKES, cuts=[1])
def test_records_decode_alone_as_in_a_batch_and_in_several(
    parts: list[list[bytes]], source: Input, cuts: list[int]
) -> None:
    values = [value for part in parts for value in part]
    records = [Record(n, 0, _key(value), value) for n, value in enumerate(values)]
    assert fates(records, source) == fates(records, source, *cuts) == alone(records, source)


def _key(value: bytes) -> bytes | None:
    """Return the key that belongs to an event, so that the key is not what it is refused for; else some key."""
    try:
        event = msgspec.json.decode(value)
        return f"{event['brand_id']}:{event['fan_id']}".encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        return SAMPLE.key


def test_keys_and_ids_that_hold_line_ends_are_kept_apart() -> None:
    """Laid end to end, the keys below are those that the fans ask for; record by record they are not."""
    fans = ["a\nmiot:b", "c", "d"]
    keys = [b"miot:a", b"miot:b\nmiot:c", b"miot:d"]
    assert b"\n".join(keys).decode() == "\n".join(f"miot:{fan}" for fan in fans)
    records = [Record(n, 0, key, record(n, 0, fan).value) for n, (key, fan) in enumerate(zip(keys, fans, strict=True))]
    found = fates(records, LIKES)
    assert [bool(found[n].reason) for n in range(3)] == [True, True, False]
    assert found == alone(records, LIKES)


def test_records_torn_and_joined_again_are_refused_one_by_one() -> None:
    for seam in SEAMS:
        values = [OBJECT + seam + OPEN[:20], OPEN[20:] + b"}", OBJECT]
        found = fates(placed([*values]), COMMENTS)
        assert found[1].reason, seam
        assert found[2].reason == "", seam
        assert found[0].reason, seam
