"""A block of records into a partition: decode, fold, and what follows for readers."""

import logging
import time
from collections import Counter

import msgspec
import numpy as np
from aiokafka import TopicPartition

from agents import faults
from agents.metrics import FEELINGS, OTHER, OUTCOMES, Metrics
from agents.transport.blocks import RawBlock
from agents.transport.load import Out
from agents.worker.owning.held import Held
from agents.worker.telling.announce import flags
from schemas.dead_letters import cut, headers
from schemas.events import Act, Credit, Topic
from schemas.layout import Rows
from schemas.outputs import Tick
from schemas.topics import Names
from streams.block import Block, Sentiment, decode
from streams.columns import Verdict
from streams.hashes import partition_of
from streams.params import Brands
from streams.records.spans import Record, Records

log = logging.getLogger(__name__)

encode = msgspec.json.Encoder().encode
read_tick = msgspec.json.Decoder(Tick).decode
FLAGS_PER_S = 1000  # churn flags of a worker; the rest waits its turn
FEELING_EDGES = -0.2, 0.2
INVALID = "invalid field"
KINDS = {  # how a reason begins -> its kind, for labels
    "value is": "no value",
    "value of": "too large",
    "key is": "wrong key",
    "key belongs": "wrong partition",
    "event_time is": "future",
    "JSON is": "broken JSON",
    "Input data": "broken JSON",
    "Object missing": "missing field",
    "Invalid UTF-8": "not UTF-8",
    "Invalid enum": "unknown type",
    "maximum recursion": "nested too deep",
    "brand_id has": "wrong key",
    "killed": "killed the fold",
}


class Scoring:
    """Applies blocks; all that it decides goes into the partition's rows and outbox."""

    def __init__(
        self, names: Names, partitions: int, metrics: Metrics, brands: Brands, sentiment: Sentiment | None
    ) -> None:
        self.brand_names = [OTHER, *brands.codes]
        metrics.begin_at_zero(brands.codes, {*KINDS.values(), INVALID})
        self.topics = {name: Topic(i) for i, name in enumerate((*names.inputs, names.credits))}
        self.labels = {name: topic.name.lower() for name, topic in self.topics.items()}
        self.ticks, self.partitions, self.metrics, self.sentiment = names.ticks, partitions, metrics, sentiment
        self.budget, self.budget_at = float(FLAGS_PER_S), 0.0

    def apply(self, held: Held, tp: TopicPartition, block: RawBlock, lagging: set[Topic]) -> None:
        """Apply a block of one input, or the newest of a block of ticks."""
        if tp.topic == self.ticks:
            self._tick(held, block, lagging)
        elif len(block.records):
            self.fold(held, tp, block.records, self.decode(held, tp, block.records))
        held.outbox.offsets[tp] = held.applied[tp] = block.next_offset

    def decode(self, held: Held, tp: TopicPartition, records: Records) -> Block:
        """Return the columns of some records; nothing is moved yet."""
        began = time.perf_counter()
        block = decode(records, self.topics[tp.topic], held.partition.fans, int(time.time() * 1000), self.sentiment)
        self.metrics.stage["decode"].observe(time.perf_counter() - began)
        return block

    def fold(self, held: Held, tp: TopicPartition, records: Records, block: Block) -> None:
        """Fold the columns of ``records``, and keep what there is to tell."""
        topic, label, began = self.topics[tp.topic], self.labels[tp.topic], time.perf_counter()
        faults.on(records)
        turns = held.partition.fold(block.events, topic)
        self.metrics.stage["fold"].observe(time.perf_counter() - began)
        self._tell(held, turns, block.acts)
        if topic == Topic.REPOSTS:
            self._credit(held, block)
        for record, reason in block.refused:
            self.refuse(held, tp, record, reason)
        self._count(held, label, block)
        if topic != Topic.CREDITS:
            held.outbox.stamps.append((label, block.records.timestamp))
        held.stamps[tp] = int(records.timestamp[-1])
        held.outbox.events += len(records)

    def _tick(self, held: Held, block: RawBlock, lagging: set[Topic]) -> None:
        if not len(block.records):
            return
        now = max(read_tick(record.value or b"").now for record in block.records)
        left, self.budget_at = self.budget_at, time.monotonic()
        self.budget = min(float(FLAGS_PER_S), self.budget + FLAGS_PER_S * (self.budget_at - left))
        turns = held.partition.tick(now, lagging, int(self.budget))
        self.budget -= len(turns)
        self._tell(held, turns, [])
        self.metrics.timer_lag.set(max(time.time() - now / 1000, 0.0))

    def _tell(self, held: Held, turns: Rows, acts: list[Act]) -> None:
        told: Counter[tuple[str, ...]] = Counter()
        for out, record in flags(held.partition.fans, turns, acts):
            held.outbox.flags.append(out)
            brand = record.brand_id if record.brand_id in self.brand_names else OTHER
            told[brand, record.kind, record.state, record.reason] += 1
        for labels, n in told.items():
            self.metrics.flags.labels(*labels).inc(n)

    def _credit(self, held: Held, block: Block) -> None:
        for i in np.flatnonzero(block.events["earns"]).tolist():
            act = block.acts[i]
            assert act.parent_fan_id is not None
            credit = Credit(
                event_id=act.event_id,
                brand_id=act.brand_id,
                fan_id=act.parent_fan_id,
                by_fan_id=act.fan_id,
                event_time=act.event_time,
            )
            key = f"{act.brand_id}:{act.parent_fan_id}".encode()
            held.outbox.credits[partition_of(key, self.partitions)].append(Out(key, encode(credit)))

    def refuse(self, held: Held, tp: TopicPartition, record: Record, reason: str, trace: str = "") -> None:
        """Send a record to dead letters."""
        said = headers(tp.topic, tp.partition, record.offset, reason)
        if trace:
            said.append(("traceback", trace.encode()))
        held.outbox.letters.append(Out(cut(record.key), cut(record.value), said))
        self.metrics.dead_letters.labels(self.labels[tp.topic], kind_of(reason)).inc()

    def _count(self, held: Held, label: str, block: Block) -> None:
        events, metrics = self.metrics.events, self.metrics
        other = len(metrics.platforms)
        if label == "credits":
            platforms = np.full(len(block.acts), other)
        else:
            code = metrics.platforms.get
            platforms = np.array([code(act.platform, other) for act in block.acts], np.int64)
        n = np.bincount(block.events["verdict"] * (other + 1) + platforms, minlength=len(Verdict) * (other + 1))
        for place in np.flatnonzero(n).tolist():
            verdict, platform = divmod(place, other + 1)
            events[label, OUTCOMES[Verdict(verdict)]][platform].inc(int(n[place]))
        if label == "comments":
            self._feel(held, block)
        if block.refused:
            events[label, "rejected"][other].inc(len(block.refused))
        if block.ignored:
            events[label, "ignored"][other].inc(block.ignored)

    def _feel(self, held: Held, block: Block) -> None:
        counted = (block.events["verdict"] == Verdict.APPLIED) | (block.events["verdict"] == Verdict.LATE)
        feelings, rows = block.events["sentiment"][counted], block.events["row"][counted]
        kinds = np.searchsorted(FEELING_EDGES, feelings)
        n = np.bincount(held.partition.fans.columns.code[rows] * len(FEELINGS) + kinds)
        for place in np.flatnonzero(n).tolist():
            code, kind = divmod(place, len(FEELINGS))
            brand = self.brand_names[code]
            self.metrics.comments.labels(brand, FEELINGS[kind]).inc(int(n[place]))


def kind_of(reason: str) -> str:
    """Return a reason's bounded form for a label: a value of a bad record must not become a series.

    >>> kind_of("Expected `int`, got `str` - at `$.event_time`"), kind_of("value of 70000 bytes, more than 65536")
    ('invalid field', 'too large')
    """
    return next((kind for start, kind in KINDS.items() if reason.startswith(start)), INVALID)
