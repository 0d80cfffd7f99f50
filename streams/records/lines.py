"""Many records in one call of the JSON decoder, where all are plainly one object each; else one by one."""

from typing import TypeVar

import msgspec
import numpy as np

from schemas.events import LONGEST
from schemas.layout import Bytes
from streams.compiled import compiled
from streams.records.spans import Record, Records, Texts

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last one by JSON that is nested too deep
OPEN, CLOSE, LINE = 123, 125, 10  # { } and a line's end


@compiled
def join(values: Texts, longest: int, out: Bytes) -> int:
    """Copy each value and a line's end; return the bytes written, -1 if one is not of an object's looks and size."""
    at = 0
    for i in range(len(values.start)):
        start, stop = values.start[i], values.stop[i]
        size = stop - start
        if size < 2 or size > longest or values.data[start] != OPEN or values.data[stop - 1] != CLOSE:
            return -1
        out[at : at + size] = values.data[start:stop]
        out[at + size] = LINE
        at += size + 1
    return at


@compiled
def are_lines(keys: Texts, text: Bytes) -> bool:
    """Return whether ``text`` is the keys, each with a line's end; never so for keys that hold one."""
    at = 0
    for i in range(len(keys.start)):
        if at + keys.stop[i] - keys.start[i] >= len(text):
            return False
        for k in range(keys.start[i], keys.stop[i]):
            if keys.data[k] == LINE or keys.data[k] != text[at]:
                return False
            at += 1
        if text[at] != LINE:
            return False
        at += 1
    return at == len(text)


def read(
    records: Records, decoder: "msgspec.json.Decoder[T]", refused: list[tuple[Record, str]]
) -> tuple[Records, list[T]]:
    """Return the records that can be decoded, and what is in them; the others go to ``refused`` with a reason.

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
            return records, found
    return _one_by_one(records, decoder, refused)


def _one_by_one(
    records: Records, decoder: "msgspec.json.Decoder[T]", refused: list[tuple[Record, str]]
) -> tuple[Records, list[T]]:
    found, kept = [], []
    for i, record in enumerate(records):
        value = record.value
        if not value or len(value) > LONGEST:
            refused.append((record, _size(value)))
            continue
        try:
            found.append(decoder.decode(value))
        except UNREADABLE as error:
            refused.append((record, str(error)))
            continue
        kept.append(i)
    return records.pick(np.array(kept, np.int64)), found


def _size(value: bytes | None) -> str:
    if value is None:
        return "value is null"
    return f"value of {len(value)} bytes, more than {LONGEST}" if value else "value is empty"
