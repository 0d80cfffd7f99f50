"""Reading partitions from an offset to an end that is known, without a consumer group."""

from collections.abc import AsyncGenerator, Collection, Mapping
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.transport.broker import Bounds, Offsets
from agents.transport.fetching import FetchedBatch, drain, next_batches

WAIT_S = 0.5
RESTORE_FETCH_BYTES = 1 << 20


class KafkaBatchReader:
    """Two consumers: only one that reads uncommitted records gets the high watermark."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options of every Kafka client: brokers, TLS, SASL."""
        self._asker = AIOKafkaConsumer(**options, isolation_level="read_uncommitted", enable_auto_commit=False)
        self._reader = AIOKafkaConsumer(
            **options,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=RESTORE_FETCH_BYTES,
            fetch_max_wait_ms=20,
        )

    async def __aenter__(self) -> Self:
        """Connect."""
        try:
            await self._asker.start()
            await self._reader.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._reader.stop()
        await self._asker.stop()

    async def bounds(self, tps: Collection[TopicPartition]) -> Bounds:
        """Return where partitions begin and end now."""
        return Bounds(await self._asker.beginning_offsets(list(tps)), await self._asker.end_offsets(list(tps)))

    async def read(self, starts: Offsets, ends: Offsets) -> AsyncGenerator[tuple[TopicPartition, FetchedBatch], None]:
        """Yield the batches of each partition from its start on, until all before its end is read."""
        missing = {tp for tp in starts if starts[tp] < ends[tp]}
        if not missing:
            return
        self._reader.assign(list(missing))
        for tp in missing:
            self._reader.seek(tp, starts[tp])
        fetcher = self._reader._fetcher
        try:
            while missing:
                batches = drain(fetcher, None) or await next_batches(fetcher, None, WAIT_S)
                for tp, batch in batches.items():
                    if tp not in missing:
                        continue
                    yield tp, batch
                    if batch.next_offset >= ends[tp]:
                        missing.discard(tp)
                if not batches:  # retention may have removed all that was there
                    missing -= {tp for tp in missing if await self._reader.position(tp) >= ends[tp]}
        finally:
            self._reader.unsubscribe()
