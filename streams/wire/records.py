"""A block of records as columns over the bytes that Kafka sent: no Python object per record until one is asked for."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from schemas.row import Bytes, Ints
from streams.compiled import compiled

OFFSET, TIMESTAMP, KEY, KEY_STOP, VALUE, VALUE_STOP = range(6)  # the rows of ``Records.slices``
COLON_BYTE = 58  # in a key, between brand and fan
NULL = -1  # where a key or value that is null begins and stops


class RecordLike(Protocol):
    """What any Kafka client delivers."""

    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


class Record(NamedTuple):
    """One record; ``timestamp`` in ms."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class ByteSlices(NamedTuple):
    """Stretches of one buffer."""

    data: Bytes
    start: Ints
    stop: Ints

    @classmethod
    def of(cls, texts: Sequence[bytes | None]) -> "ByteSlices":
        """Return texts end to end; one that is None begins and stops at ``NULL``."""
        chunks = [text or b"" for text in texts]
        ends = np.cumsum(np.fromiter((0, *map(len, chunks)), np.int64, len(chunks) + 1))
        start, stop = ends[:-1], ends[1:]
        if None in texts:
            missing = np.array([text is None for text in texts])
            start, stop = np.where(missing, NULL, start), np.where(missing, NULL, stop)
        return cls(np.frombuffer(b"".join(chunks), np.uint8), start, stop)

    @classmethod
    def of_nullable(cls, texts: list[bytes | None]) -> "ByteSlices":
        """Return texts end to end; a null one starts and stops at -1."""
        data, start, stop = cls.of([text or b"" for text in texts])
        missing = np.array([text is None for text in texts], np.bool_)
        return cls(data, np.where(missing, NULL, start), np.where(missing, NULL, stop))

    def read_only(self) -> "ByteSlices":
        """Return the same, not to be written to."""
        data = self.data.view()
        data.flags.writeable = False
        return ByteSlices(data, self.start, self.stop)

    def at(self, i: int) -> bytes:
        """Return the ``i``-th."""
        return self.data[self.start[i] : self.stop[i]].tobytes()


class Records:
    """Records of one partition: ``slices`` is int64, a row per field and a column per record, over ``data``."""

    def __init__(self, data: Bytes, slices: Ints) -> None:
        self.data, self.slices = data, slices

    @classmethod
    def of(cls, records: Iterable[RecordLike]) -> "Records":
        """Return some records as columns."""
        chunks: list[bytes] = []
        columns: list[tuple[int, ...]] = []
        at = 0
        for record in records:
            span = [record.offset, record.timestamp]
            for text in (record.key, record.value):
                span += [NULL, NULL] if text is None else [at, at + len(text)]
                at += len(text or b"")
                chunks.append(text or b"")
            columns.append(tuple(span))
        slices = np.array(columns, np.int64).reshape(-1, 6)
        return cls(np.frombuffer(b"".join(chunks), np.uint8), np.ascontiguousarray(slices.T))

    @classmethod
    def joined(cls, parts: Sequence["Records"]) -> "Records":
        """Return the records of several blocks, of partitions of one topic, as one."""
        if len(parts) == 1:
            return parts[0]
        sizes = [len(part.data) for part in parts]
        begins = np.cumsum([0, *sizes[:-1]]).repeat([len(part) for part in parts])
        slices = np.concatenate([part.slices for part in parts], axis=1)
        texts = slices[KEY:]
        texts += np.where(texts == NULL, 0, begins)
        data = np.concatenate([part.data for part in parts])
        data.flags.writeable = False  # as fetched bytes are: one type, so that kernels are compiled once
        return cls(data, slices)

    def part(self, start: int, stop: int) -> "Records":
        """Return the records from one place up to another, over the same bytes."""
        return Records(self.data, self.slices[:, start:stop])

    def __len__(self) -> int:
        return len(self.offset)

    def __getitem__(self, i: int) -> Record:
        offset, timestamp, key, key_stop, value, value_stop = self.slices[:, i].tolist()
        return Record(offset, timestamp, self._text(key, key_stop), self._text(value, value_stop))

    def __iter__(self) -> Iterator[Record]:
        return (self[i] for i in range(len(self)))

    @property
    def offset(self) -> Ints:
        """The offset of each."""
        found: Ints = self.slices[OFFSET]
        return found

    @property
    def timestamp(self) -> Ints:
        """The timestamp of each, ms."""
        found: Ints = self.slices[TIMESTAMP]
        return found

    def pick(self, places: Ints) -> "Records":
        """Return the records at some places, which ascend, over the same bytes; all of them are no work."""
        if len(places) == len(self):
            return self
        return Records(self.data, self.slices.take(places, axis=1))

    def keys(self) -> ByteSlices:
        """Return the keys, of records that have one."""
        return ByteSlices(self.data, self.slices[KEY], self.slices[KEY_STOP])

    def values(self) -> ByteSlices:
        """Return the values, of records that have one."""
        return ByteSlices(self.data, self.slices[VALUE], self.slices[VALUE_STOP])

    def _text(self, start: int, stop: int) -> bytes | None:
        return None if start == NULL else self.data[start:stop].tobytes()


@compiled
def varint(data: Bytes, at: int) -> tuple[int, int]:
    """Return a zigzag number of Kafka's record format, and where it stops."""
    n, shift = 0, 0
    while True:
        byte = int(data[at])
        at += 1
        n |= (byte & 127) << shift
        if byte < 128:
            return (n >> 1) ^ -(n & 1), at
        shift += 7


@compiled
def read_batch(
    data: Bytes, at: int, stop: int, base: tuple[int, int], appended: int, slices: Ints, first: int, count: int
) -> bool:
    """Write the spans of one batch's records (Kafka's record format, version 2); return whether they fill it.

    ``base`` is the batch's offset and timestamp; the spans of its ``count`` records go behind the ``first`` columns.

    ``appended`` is the one timestamp of all where the topic stamps records by the broker's clock, else -1. The batch's
    checksum was right, and yet a length is not believed beyond ``stop``.
    """
    for i in range(first, first + count):
        if at >= stop:
            return False
        length, at = varint(data, at)
        end = at + length
        if length < 6 or end > stop:
            return False
        ahead, at = varint(data, at + 1)  # behind the attributes
        slices[TIMESTAMP, i] = appended if appended >= 0 else base[1] + ahead
        ahead, at = varint(data, at)
        slices[OFFSET, i] = base[0] + ahead
        for field in (KEY, VALUE):
            size, at = varint(data, at)
            if size > end - at:
                return False
            slices[field, i] = at if size >= 0 else NULL
            slices[field + 1, i] = at + size if size >= 0 else NULL
            at += max(size, 0)
        at = end  # headers are nobody's
    return at == stop
