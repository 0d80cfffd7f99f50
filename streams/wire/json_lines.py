"""Many records in one call of the JSON decoder, where all are plainly one object each; else one by one."""

from typing import TypeVar

import msgspec
import numpy as np

from schemas.inputs.declaration import MAX_VALUE_BYTES as LONGEST
from schemas.row import Bytes, Ints
from streams.compiled import compiled
from streams.wire.records import COLON_BYTE, ByteSlices, Records

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last one by JSON that is nested too deep
OPEN, CLOSING_BRACE, NEWLINE = 123, 125, 10  # { } and a line's end


class EventMoment(msgspec.Struct):
    """The one field of an event that an order asks for."""

    event_time: int = 0


_moment = msgspec.json.Decoder(EventMoment).decode


def event_time(value: bytes | None) -> int | None:
    """Return an event's time in ms, 0 where it has none; None where it cannot be read.

    >>> event_time(b'{"event_time": 5}'), event_time(b"{}"), event_time(b"[]"), event_time(None)
    (5, 0, None, None)
    """
    try:
        return _moment(value or b"").event_time
    except UNREADABLE:
        return None


@compiled
def join(values: ByteSlices, longest: int, out: Bytes) -> int:
    """Copy each value and a line's end; return the bytes written, -1 if one is not of an object's looks and size."""
    at = 0
    for i in range(len(values.start)):
        start, stop = values.start[i], values.stop[i]
        size = stop - start
        if size < 2 or size > longest or values.data[start] != OPEN or values.data[stop - 1] != CLOSING_BRACE:
            return -1
        out[at : at + size] = values.data[start:stop]
        out[at + size] = NEWLINE
        at += size + 1
    return at


@compiled
def follow(data: Bytes, at: int, stop: int, lines: Bytes, i: int) -> tuple[int, int]:
    """Return where a line that begins at ``i`` and the bytes from ``at`` on stop being equal."""
    while at < stop and i < len(lines) and lines[i] != NEWLINE and data[at] == lines[i]:
        at, i = at + 1, i + 1
    return at, i


@compiled
def are_keys(keys: ByteSlices, brands: Bytes, fans: Bytes) -> bool:
    """Return whether each key is a line of ``brands``, a colon, and a line of ``fans``; all lines end.

    Never so where an id holds a line's end: there are more lines than keys then.
    """
    b = f = 0
    for i in range(len(keys.start)):
        at, b = follow(keys.data, keys.start[i], keys.stop[i], brands, b)
        if at == keys.stop[i] or keys.data[at] != COLON_BYTE or b == len(brands) or brands[b] != NEWLINE:
            return False
        at, f = follow(keys.data, at + 1, keys.stop[i], fans, f)
        if at < keys.stop[i] or f == len(fans) or fans[f] != NEWLINE:
            return False
        b, f = b + 1, f + 1
    return b == len(brands) and f == len(fans)


def read(records: Records, decoder: "msgspec.json.Decoder[T]", refused: list[tuple[int, str]]) -> tuple[list[T], Ints]:
    """Return what is in the records that can be decoded, and their places; those of the others are ``refused``.

    Joined by line ends, no two records can be read as one: a line's end is no part of any JSON text but between tokens,
    and behind a closing brace no opening one may follow. So as many objects as records are one object each.
    """
    values = records.values()
    out = np.empty(int((values.stop - values.start).sum()) + len(records), np.uint8)
    size = join(values, LONGEST, out)
    if size >= 0:
        try:
            found = decoder.decode_lines(out[:size].data)
        except UNREADABLE:
            found = []
        if len(found) == len(records):
            return found, np.arange(len(records))
    return _one_by_one(records, decoder, refused)


def _one_by_one(
    records: Records, decoder: "msgspec.json.Decoder[T]", refused: list[tuple[int, str]]
) -> tuple[list[T], Ints]:
    found, places = [], []
    for i, record in enumerate(records):
        value = record.value
        if not value or len(value) > LONGEST:
            refused.append((i, _size(value)))
            continue
        try:
            found.append(decoder.decode(value))
        except UNREADABLE as error:
            refused.append((i, str(error)))
            continue
        places.append(i)
    return found, np.array(places, np.int64)


def _size(value: bytes | None) -> str:
    if value is None:
        return "value is null"
    return f"value of {len(value)} bytes, more than {LONGEST}" if value else "value is empty"
