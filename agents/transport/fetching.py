"""Blocks of raw records: what one fetch brought of one partition, as columns over the bytes of the answer."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import aiokafka
import numpy as np
from aiokafka import codec, errors
from aiokafka.consumer import fetcher as driver
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchError, FetchResult
from google_crc32c import value as crc32c

from agents.transport.record_batch import (
    BATCH_HEADER,
    CHECKED_FROM,
    COMPRESSION,
    CONTROL,
    LOG_APPEND,
    MAGIC,
    TRANSACTIONAL,
    BatchHeader,
)
from streams.wire.records import Records, read_batch

READS = "0.14.0"  # the aiokafka whose private parts are read below
assert aiokafka.__version__ == READS

DECOMPRESS = {1: codec.gzip_decode, 2: codec.snappy_decode, 3: codec.lz4_decode, 4: codec.zstd_decode}
NOTHING = Records.of([])


class FetchedBatch(NamedTuple):
    """The records of one fetch of one partition, from the offset that was wanted to the one to fetch next.

    There may be none: control markers, aborted transactions and compaction leave holes that the position must pass all
    the same.
    """

    offset: int
    next_offset: int
    records: Records

    def __bool__(self) -> bool:
        """A block always counts, also an empty one."""
        return True


class KeepsBytes(driver.MemoryRecords):
    """What aiokafka makes of an answer, with the bytes it was made of."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


driver.MemoryRecords = KeepsBytes


def drain(fetcher: Fetcher, wanted: set[Any] | None) -> dict[Any, FetchedBatch]:
    """Take every fetched block of the wanted partitions (None: all), and let the fetcher ask for the next ones.

    Raises:
        KafkaError: what the fetcher met at one of the partitions.
    """
    fetched_batches = {}
    for tp in list(fetcher._records):
        if wanted is not None and tp not in wanted:
            continue
        result = fetcher._records.pop(tp)
        fetcher._notify(fetcher._wait_consume_future)
        if isinstance(result, FetchError):
            result.check_raise()
        fetched = _unpack(tp, result)
        if fetched is not None:
            fetched_batches[tp] = fetched
    return fetched_batches


async def next_batches(
    fetcher: Fetcher, wanted: set[Any] | None, timeout_s: float, may_take: Callable[[], bool] = lambda: True
) -> dict[Any, FetchedBatch]:
    """Wait at most ``timeout_s`` seconds for the next fetch, and take its blocks, if that is still right by then."""
    waiter = fetcher._create_fetch_waiter()
    done, _ = await asyncio.wait([waiter], timeout=timeout_s)
    if not done:
        waiter.cancel()
        return {}
    waiter.result()
    return drain(fetcher, wanted) if may_take() else {}


def _unpack(tp: Any, result: FetchResult) -> FetchedBatch | None:
    """Do what ``PartitionRecords._unpack_records`` does, a batch at a time; None: fetched before a seek."""
    part = result._partition_records
    part._records_iterator = None  # unused, and a cycle: it would keep the bytes until Python's collector comes by
    if not result.check_assignment(tp):
        return None
    data: bytes = part._records.data
    start = position = part.next_fetch_offset
    batches = []
    for batch in _batches(tp, data):
        if not _is_aborted(part, batch, data) and not batch.attributes & CONTROL:
            batches.append(batch)
        position = batch.next_offset
    records = _records(tp, data, batches)
    if len(records) and records.offset[0] < start:  # the fetch began inside a batch
        records = records.pick(np.flatnonzero(records.offset >= start))
    part.next_fetch_offset = position
    result._update_position()
    return FetchedBatch(start, position, records)


def _batches(tp: Any, data: bytes) -> list[BatchHeader]:
    """Return the headers of all batches that are there to their end, their checksums right."""
    found, at = [], 0
    while at + BATCH_HEADER.size <= len(data):
        batch = BatchHeader(at, *BATCH_HEADER.unpack_from(data, at))
        if batch.stop > len(data):
            break
        if batch.magic != MAGIC:
            raise errors.UnsupportedForMessageFormatError(f"{tp}: records of format {batch.magic}")
        if crc32c(data[at + CHECKED_FROM : batch.stop]) != batch.crc:
            raise errors.CorruptRecordException(f"Invalid CRC - {tp}, offset {batch.base_offset}")
        found.append(batch)
        at = batch.stop
    return found


def _records(tp: Any, data: bytes, batches: list[BatchHeader]) -> Records:
    """Return the records of some batches in one set of columns."""
    places = [(batch.start + BATCH_HEADER.size, batch.stop) for batch in batches]
    if any(batch.attributes & COMPRESSION for batch in batches):
        data, places = _decompress(data, batches, places)
    raw, slices, n = np.frombuffer(data, np.uint8), np.empty((6, sum(batch.n for batch in batches)), np.int64), 0
    for batch, (start, stop) in zip(batches, places, strict=True):
        appended = batch.max_timestamp if batch.attributes & LOG_APPEND else -1
        base = (batch.base_offset, batch.first_timestamp)
        if not read_batch(raw, start, stop, base, appended, slices, n, batch.n):
            raise errors.CorruptRecordException(f"a batch of {tp} at offset {batch.base_offset} is no batch")
        n += batch.n
    return Records(raw, slices)


def _decompress(
    data: bytes, batches: list[BatchHeader], places: list[tuple[int, int]]
) -> tuple[bytes, list[tuple[int, int]]]:
    chunks, found, at = [], [], 0
    for batch, (start, stop) in zip(batches, places, strict=True):
        kind = batch.attributes & COMPRESSION
        piece = bytes(DECOMPRESS[kind](data[start:stop])) if kind else data[start:stop]
        chunks.append(piece)
        found.append((at, at + len(piece)))
        at += len(piece)
    return b"".join(chunks), found


def _is_aborted(part: Any, batch: BatchHeader, data: bytes) -> bool:
    if part._isolation_level != READ_COMMITTED or batch.producer_id < 0:
        return False
    part._consume_aborted_up_to(batch.base_offset)
    if batch.attributes & CONTROL:
        if _is_abort_marker(data, batch):
            part._aborted_producers.discard(batch.producer_id)
        return True
    return bool(batch.attributes & TRANSACTIONAL) and batch.producer_id in part._aborted_producers


def _is_abort_marker(data: bytes, batch: BatchHeader) -> bool:
    marker = _records("a marker", data, [batch])[0]
    return bool(driver.ControlRecord.parse(marker.key) == driver.ABORT_MARKER)
