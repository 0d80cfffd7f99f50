"""Takeover: the rows of newly assigned partitions, read back from the changelog before anything is applied."""

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.errors import ConfigError, FailStopError
from agents.transport.blocks import RawBlock, drain, next_blocks
from schemas.fan import LAYOUT
from streams.partition import Partition
from streams.records.spans import VALUE

log = logging.getLogger(__name__)

WAIT_S = 0.5
REPORT_S = 5.0
FETCH_BYTES = 1 << 20

Offsets = dict[TopicPartition, int]


async def restore(options: Mapping[str, Any], changelog: str, partitions: Mapping[int, Partition]) -> int:
    """Read each partition's changelog up to its high watermark, committed records only; return how many records.

    The high watermark is taken now, after the assignment, and not the last stable offset: an owner that died may have
    decided transactions whose markers are still being written. Waiting for them takes at most the transaction time-out.

    Raises:
        FailStopError: a record is not one of our rows.
        ConfigError: it is one of a later version.
    """
    tps = {TopicPartition(changelog, number): partition for number, partition in partitions.items()}
    begins, ends = await _bounds(options, tps)
    missing = {tp for tp in tps if begins[tp] < ends[tp]}
    if not missing:
        return 0
    reader = AIOKafkaConsumer(
        **options,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=20,
    )
    await reader.start()
    try:
        reader.assign(list(missing))
        records, reported = 0, time.monotonic()
        while missing:
            for tp, block in (await _next_blocks(reader)).items():
                _apply(tps[tp], tp, block)
                records += len(block.records)
                if block.next_offset >= ends[tp]:
                    missing.discard(tp)
            if missing and time.monotonic() > reported + REPORT_S:
                reported = time.monotonic()
                log.info("takeover: %s rows read, %s partitions to go", records, len(missing))
        return records
    finally:
        await reader.stop()


async def _bounds(options: Mapping[str, Any], tps: Collection[TopicPartition]) -> tuple[Offsets, Offsets]:
    """Return the earliest offsets and the high watermarks."""
    asker = AIOKafkaConsumer(**options, isolation_level="read_uncommitted", enable_auto_commit=False)
    await asker.start()
    try:
        return await asker.beginning_offsets(list(tps)), await asker.end_offsets(list(tps))
    finally:
        await asker.stop()


async def _next_blocks(reader: AIOKafkaConsumer) -> dict[TopicPartition, RawBlock]:
    return drain(reader._fetcher, None) or await next_blocks(reader._fetcher, None, WAIT_S)


def _apply(partition: Partition, tp: TopicPartition, block: RawBlock) -> None:
    records = block.records.pick(np.flatnonzero(block.records.spans[VALUE] >= 0))  # a tombstone is no row
    values = records.values()
    layouts = values.data[values.start[values.stop > values.start]]
    newest = layouts.max(initial=0)
    if newest > LAYOUT:
        raise ConfigError(
            f"{tp.topic}, partition {tp.partition}, before offset {block.next_offset}: layout {newest}, this program "
            f"reads up to {LAYOUT}: it was written by a newer fanpulse (start that one), or is no row at all"
        )
    try:
        partition.fans.restore(records)
    except ValueError as error:
        raise FailStopError(
            f"{tp.topic}, partition {tp.partition}, before offset {block.next_offset}: {error}"
        ) from None
