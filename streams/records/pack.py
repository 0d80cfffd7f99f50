"""Keys and values as the records of a batch, in Kafka's format, without an object or a call per record."""

from collections.abc import Iterator

import numpy as np

from schemas.layout import Bytes
from streams.compiled import compiled
from streams.records.spans import Texts

MOST_AROUND = 24  # bytes of a record beside its key and value


@compiled
def put_varint(out: Bytes, at: int, n: int) -> int:
    """Write a number that is not negative, zigzag; return where it stops."""
    n <<= 1
    while n > 127:
        out[at] = n & 127 | 128
        n >>= 7
        at += 1
    out[at] = n
    return at + 1


@compiled
def varint_size(n: int) -> int:
    """Return the bytes that ``put_varint`` writes."""
    size, n = 1, n >> 6
    while n > 0:
        size, n = size + 1, n >> 7
    return size


@compiled
def put_records(keys: Texts, values: Texts, first: int, out: Bytes, at: int) -> tuple[int, int]:
    """Write records from the ``first`` on while there is room; return the number of the next one, and where they stop.

    All have the batch's own timestamp, and no headers.
    """
    start = first
    for i in range(first, len(keys.start)):
        key, value = keys.stop[i] - keys.start[i], values.stop[i] - values.start[i]
        if at + key + value + MOST_AROUND > len(out):
            return i, at
        offset = i - start
        around = 3 + varint_size(offset) + varint_size(key) + varint_size(value)
        at = put_varint(out, at, around + key + value)
        out[at] = out[at + 1] = 0  # attributes, and how much later than the batch
        at = put_varint(out, put_varint(out, at + 2, offset), key)
        for k in range(key):
            out[at + k] = keys.data[keys.start[i] + k]
        at = put_varint(out, at + key, value)
        out[at : at + value] = values.data[values.start[i] : values.stop[i]]
        out[at + value] = 0  # headers
        at += value + 1
    return len(keys.start), at


def pack(keys: Texts, values: Texts, most: int, lead: int = 0) -> Iterator[tuple[int, Bytes]]:
    """Yield batches of at most ``most`` bytes: how many records, and their bytes behind ``lead`` free ones.

    Raises:
        ValueError: one record alone is larger.
    """
    first, n = 0, len(keys.start)
    keys, values = keys.read_only(), values.read_only()  # one type, so that the kernel is compiled once
    while first < n:
        room = int((keys.stop - keys.start)[first:].sum() + (values.stop - values.start)[first:].sum())
        out = np.empty(min(lead + room + MOST_AROUND * (n - first), most), np.uint8)
        last, size = put_records(keys, values, first, out, lead)
        if last == first:
            raise ValueError(f"a record of {values.stop[first] - values.start[first]} bytes")
        yield last - first, out[:size]
        first = last
