"""Keys and values as the records of a batch, in Kafka's format, without an object or a call per record."""

from collections.abc import Iterator, Sequence

import numpy as np

from schemas.row import Bytes
from streams.compiled import compiled
from streams.wire.records import ByteSlices

MAX_FRAME_BYTES = 24  # bytes of a record without its key and value


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
def put_records(keys: ByteSlices, values: ByteSlices, first: int, count: int, out: Bytes, at: int) -> tuple[int, int]:
    """Write records from the ``first`` on while there is room; return the number of the next one, and where they stop.

    ``count`` records stand in the batch already. All have the batch's own timestamp, and no headers. A value that
    starts at -1 is null.
    """
    for i in range(first, len(keys.start)):
        key, value = keys.stop[i] - keys.start[i], values.stop[i] - values.start[i]
        if at + key + value + MAX_FRAME_BYTES > len(out):
            return i, at
        offset, is_null = count + i - first, values.start[i] < 0
        frame = 3 + varint_size(offset) + varint_size(key) + (1 if is_null else varint_size(value))
        at = put_varint(out, at, frame + key + value)
        out[at] = out[at + 1] = 0  # attributes, and how much later than the batch
        at = put_varint(out, put_varint(out, at + 2, offset), key)
        for k in range(key):
            out[at + k] = keys.data[keys.start[i] + k]
        at += key
        if is_null:
            out[at] = 1  # -1, zigzag
            at += 1
        else:
            at = put_varint(out, at, value)
            out[at : at + value] = values.data[values.start[i] : values.stop[i]]
            at += value
        out[at] = 0  # headers
        at += 1
    return len(keys.start), at


def pack(
    records: Sequence[tuple[ByteSlices, ByteSlices]], max_bytes: int, lead: int = 0
) -> Iterator[tuple[int, Bytes]]:
    """Yield batches of at most ``max_bytes``: how many records, and their bytes behind ``lead`` free ones.

    ``records`` are columns of keys and values that follow each other. Yielded bytes are copies.

    Raises:
        ValueError: one record alone is larger.
    """
    parts = [(keys.read_only(), values.read_only()) for keys, values in records]  # one type: kernels are compiled once
    left = sum(_size(keys) + _size(values) + MAX_FRAME_BYTES * len(keys.start) for keys, values in parts)
    out, at, count = np.empty(min(lead + left, max_bytes), np.uint8), lead, 0
    for keys, values in parts:
        first = 0
        while first < len(keys.start):
            last, at = put_records(keys, values, first, count, out, at)
            count += last - first
            if last < len(keys.start):
                if not count:
                    raise ValueError(f"a record of {values.stop[last] - values.start[last]} bytes")
                yield count, out[:at]
                out, at, count = np.empty(max_bytes, np.uint8), lead, 0
            first = last
    if count:
        yield count, out[:at]


def _size(texts: ByteSlices) -> int:
    return int((texts.stop - texts.start).sum())
