"""Compile every kernel before the first event, so that no compile time falls into a rebalance; `make setup` runs it."""

import msgspec
import numpy as np

from schemas.events import Topic
from streams.block import decode
from streams.columns import TURN
from streams.hashes import partition_of
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.flags import json_flags
from streams.records.pack import pack
from streams.records.scores import json_scores
from streams.records.spans import Record, Records, Texts, read_batch
from streams.sentiment.model import shipped

MANY = 1_000  # keys, for which an index has to grow


def warm() -> int:
    """Call every kernel as a worker does; return how many fans came back from the changelog."""
    shipped().score(["x"])
    brands = Brands({}, Params())
    partition, other = Partition(brands), Partition(brands)
    common = {"brand_id": "b", "fan_id": "f", "platform": "p", "event_time": 1, "sentiment": -0.5, "currency": "CNY"}
    for topic in Topic:
        event = {**common, "event_id": "e", "order_id": "o", "amount_minor": 1, "by_fan_id": "g", "parent_fan_id": "g"}
        sample = Records.of([Record(0, 0, b"b:f", msgspec.json.encode(event))])
        partition.fold(decode(sample, topic, partition.fans, now=1).events, topic)
    partition.tick(1 << 40, {Topic.LIKES}, most=1)
    partition.tick(1 << 40, set(), most=1)
    fans = partition.fans
    fans.announced(np.zeros(1, np.int64))
    json_scores(fans.columns, np.zeros(1, np.int64), brands, fans.index)
    json_flags(fans.columns, np.zeros(1, TURN), [None], brands, fans.index)
    keys, values = fans.records()
    ((count, batch),) = pack(keys, values, most=1 << 16)
    spans = np.empty((6, count), np.int64)
    raw = np.frombuffer(batch.tobytes(), np.uint8)
    read_batch(raw, 0, len(raw), (0, 0), -1, spans, 0, count)
    other.fans.restore(Records(raw, spans))
    partition_of(b"b:f", 1)
    fans.find(Texts.of([b"b:%d" % number for number in range(MANY)]))
    return len(other.fans)


if __name__ == "__main__":
    warm()
