"""Histories of acts as records, and how to fold them: the tests' own small Kafka."""

from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.events import Topic
from schemas.layout import Rows
from streams.block import decode
from streams.params import DAY, Brand, Brands
from streams.partition import Partition
from streams.records.spans import Record, Records, Texts

START = 1_700_000_000_000
NEVER_FUTURE = 1 << 60
BRANDS = Brands({"miot": Brand()}, others=Brand())


def record(offset: int, at: int, fan: str = "f", **fields: Any) -> Record:
    """Return a record ``at`` ms after START; fields overwrite those of a good event."""
    event = {"event_id": f"e{offset}", "brand_id": "miot", "fan_id": fan, "platform": "weibo", "event_time": START + at}
    event |= {"order_id": "o", "amount_minor": 1, "currency": "CNY", "sentiment": -0.1} | fields
    return Record(offset, 0, f"{event['brand_id']}:{event['fan_id']}".encode(), msgspec.json.encode(event))


def fold(partition: Partition, topic: Topic, records: Iterable[Record]) -> Rows:
    """Fold records of one topic; return the turns."""
    block = decode(Records.of(records), topic, partition.fans, NEVER_FUTURE)
    assert not block.refused
    return partition.fold(block.events, topic)


def daily(topic: Topic, days: int, a_day: int = 1, every: int = DAY, **fields: Any) -> list[Record]:
    """Return ``a_day`` acts on each of ``days`` days, minutes apart and not evenly."""
    out = []
    for day in range(days):
        for n in range(a_day):
            out.append(record(len(out), day * every + n * 60_000 + (n * 7919 + day * 104_729) % 3_600_000, **fields))
    return sorted(out, key=lambda r: r.offset)


def fan(partition: Partition, name: str = "f") -> Any:
    """Return a fan's row."""
    return partition.fans.columns.rows[partition.fans.find(Texts.of([f"miot:{name}".encode()]))[0]]
