"""The floor: what no program on this client can beat, fetch alone, and fetch and decode alone."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.kafka.connection import aiokafka_options
from agents.settings import Settings
from agents.transport.fetching import next_batches
from streams.decode.decoder import decode as decode_records
from tests.bench.worker import Result


def floor(settings: Settings, *, decode: bool) -> Result:
    """Read the whole backlog through the block path, and decode each event if asked."""
    return asyncio.run(_read(settings, decode))


async def _read(settings: Settings, decode: bool) -> Result:
    inputs, now = settings.names.public_inputs, int(time.time() * 1000)
    reader = AIOKafkaConsumer(**aiokafka_options(settings), auto_offset_reset="earliest", fetch_max_wait_ms=20)
    await reader.start()
    tps = [TopicPartition(name, n) for name in inputs for n in range(settings.partitions)]
    ends = await reader.end_offsets(tps)
    reader.assign(tps)
    began, cpu, events, left = time.perf_counter(), time.process_time(), 0, {tp for tp in tps if ends[tp]}
    while left:
        for tp, batch in (await next_batches(reader._fetcher, None, 1.0)).items():
            events += len(batch.records)
            if decode:
                decode_records(inputs[tp.topic], batch.records, now)
            if batch.next_offset >= ends[tp]:
                left.discard(tp)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    await reader.stop()
    return Result("fetch and decode alone" if decode else "fetch alone", events / took, cpu / events * 1e6)
