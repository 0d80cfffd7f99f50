"""Record batches: the header as it is read, and batches that kernels wrote, in the clothes of aiokafka's builder."""

import struct
from typing import NamedTuple

from google_crc32c import value as crc32c

from schemas.row import Bytes

BATCH_HEADER = struct.Struct(">qiibIhiqqqhii")  # Kafka protocol guide, "Record BatchHeader"
LENGTH_STOPS, CRC_AT, CHECKED_FROM = (struct.calcsize(form) for form in (">qi", ">qiib", ">qiibI"))
MAGIC = 2
COMPRESSION, LOG_APPEND, TRANSACTIONAL, CONTROL = 0x07, 0x08, 0x10, 0x20  # attributes


class BatchHeader(NamedTuple):
    """The header of a record batch behind its place in what was fetched."""

    start: int
    base_offset: int
    length: int
    epoch: int
    magic: int
    crc: int
    attributes: int
    last_delta: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    n: int

    @property
    def stop(self) -> int:
        """Where it ends."""
        return self.start + LENGTH_STOPS + self.length

    @property
    def next_offset(self) -> int:
        """The offset behind it."""
        return self.base_offset + self.last_delta + 1


class PackedBatch:
    """Records in Kafka's format behind room for the batch's header; the header is written when the sender takes it."""

    def __init__(self, count: int, data: Bytes, now_ms: int) -> None:
        self._count, self._data, self._now_ms = count, data, now_ms
        self._producer = (-1, -1, -1)
        self._built: bytes | None = None

    def record_count(self) -> int:
        """Return the number of records."""
        return self._count

    def size(self) -> int:
        """Return the bytes of the batch."""
        return len(self._data)

    def closed(self) -> bool:
        """Nothing can be appended."""
        return True

    def close(self) -> None:
        """Do nothing."""

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = producer_id, producer_epoch, base_sequence

    def _build(self) -> bytes:
        if self._built is None:
            last, now = self._count - 1, self._now_ms
            head = (0, self.size() - LENGTH_STOPS, -1, MAGIC, 0, TRANSACTIONAL, last, now, now, *self._producer)
            BATCH_HEADER.pack_into(self._data.data, 0, *head, self._count)
            struct.pack_into(">I", self._data.data, CRC_AT, crc32c(self._data[CHECKED_FROM:].tobytes()))
            self._built = self._data.tobytes()
        return self._built
