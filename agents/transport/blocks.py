"""Blocks of raw records: what one fetch brought of one partition, unpacked without an object per record of our own."""

import asyncio
from typing import Any, NamedTuple

import aiokafka
from aiokafka import errors
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchError, FetchResult

READS = "0.14.0"  # the aiokafka whose private parts are read below
assert aiokafka.__version__ == READS


class RawBlock(NamedTuple):
    """The records of one fetch of one partition, from the offset that was wanted to the one to fetch next.

    ``records`` are aiokafka's own (offset, timestamp, key, value, headers) and may be none: control markers, aborted
    transactions and compaction leave holes that the position must pass all the same.
    """

    offset: int
    next_offset: int
    records: list[Any]

    def __bool__(self) -> bool:
        """A block always counts, also an empty one."""
        return True


def drain(fetcher: Fetcher, wanted: set[Any] | None) -> dict[Any, RawBlock]:
    """Take every fetched block of the wanted partitions (None: all), and let the fetcher ask for the next ones.

    Raises:
        KafkaError: what the fetcher met at one of the partitions.
    """
    blocks = {}
    for tp in list(fetcher._records):
        if wanted is not None and tp not in wanted:
            continue
        result = fetcher._records.pop(tp)
        fetcher._notify(fetcher._wait_consume_future)
        if isinstance(result, FetchError):
            result.check_raise()
        block = _unpack(tp, result)
        if block is not None:
            blocks[tp] = block
    return blocks


async def next_blocks(fetcher: Fetcher, wanted: set[Any] | None, patience: float) -> dict[Any, RawBlock]:
    """Wait at most ``patience`` seconds for the next fetch, and take its blocks."""
    waiter = fetcher._create_fetch_waiter()
    done, _ = await asyncio.wait([waiter], timeout=patience)
    if not done:
        waiter.cancel()
        return {}
    waiter.result()
    return drain(fetcher, wanted)


def _unpack(tp: Any, result: FetchResult) -> RawBlock | None:
    """Do what ``PartitionRecords._unpack_records`` does, a batch at a time; None: fetched before a seek."""
    if not result.check_assignment(tp):
        return None
    part = result._partition_records
    records: list[Any] = []
    position = start = part.next_fetch_offset
    while part._records.has_next():
        batch = part._records.next_batch()
        if part._check_crcs and not batch.validate_crc():
            raise errors.CorruptRecordException(f"Invalid CRC - {tp}")
        if not _is_aborted(part, batch) and not batch.is_control_batch:
            some = list(batch)
            if some and some[0].offset < position:  # the fetch began inside a batch
                some = [record for record in some if record.offset >= position]
            records += some
        position = batch.next_offset
    part.next_fetch_offset = position
    result._update_position()
    return RawBlock(start, position, records)


def _is_aborted(part: Any, batch: Any) -> bool:
    if part._isolation_level != READ_COMMITTED or batch.producer_id is None:
        return False
    part._consume_aborted_up_to(batch.base_offset)
    if batch.is_control_batch:
        if part._contains_abort_marker(batch):
            part._aborted_producers.discard(batch.producer_id)
        return True
    return bool(batch.is_transactional and batch.producer_id in part._aborted_producers)
