"""Blocks of records into their partitions: decode, fold, and what follows for readers."""

import logging
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from aiokafka import TopicPartition

from agents.metrics import OTHER, Metrics
from agents.transport.blocks import RawBlock
from agents.transport.load import Out
from agents.worker.applying.tally import Tally
from agents.worker.owning.held import Held
from schemas.dead_letters import cut, headers
from schemas.events import Act, Credit, Topic
from schemas.layout import Rows
from schemas.outputs import Tick
from schemas.topics import Names
from streams.block import Block, Sentiment, columns
from streams.hashes import partition_of
from streams.params import Brands
from streams.records.flags import Proof
from streams.records.spans import Record, Records

log = logging.getLogger(__name__)

encode = msgspec.json.Encoder().encode
read_tick = msgspec.json.Decoder(Tick).decode
FLAGS_PER_S = 1000  # churn flags of a worker; the rest waits its turn
ROWS_PER_TICK = 10_000  # of a partition: after a long outage time changes all fans, too many for one transaction
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
    """Applies blocks; all that it decides goes into their partitions' rows and outboxes."""

    def __init__(
        self, names: Names, partitions: int, metrics: Metrics, brands: Brands, sentiment: Sentiment | None
    ) -> None:
        self.staff, self.tally = brands.staff, Tally(metrics, [OTHER, *brands.codes])
        metrics.begin_at_zero(brands.codes, {*KINDS.values(), INVALID})
        self.topics = {name: Topic(i) for i, name in enumerate((*names.inputs, names.credits))}
        self.labels = {name: topic.name.lower() for name, topic in self.topics.items()} | {names.ticks: "ticks"}
        self.ticks, self.partitions, self.metrics, self.sentiment = names.ticks, partitions, metrics, sentiment
        self.budget, self.budget_at = float(FLAGS_PER_S), 0.0

    def decode(self, topic: str, blocks: Sequence[Records]) -> list[Block]:
        """Return the columns of some partitions' records of one topic, decoded in one go; nothing is moved yet."""
        began = time.perf_counter()
        joined, now = Records.joined(blocks), int(time.time() * 1000)
        block = columns(joined, self.topics[topic], self.staff, now, self.sentiment)
        self.metrics.stage["decode"].observe(time.perf_counter() - began)
        self.tally.ignore(self.labels[topic], len(joined) - len(block.places) - len(block.refused))
        return block.parts([len(records) for records in blocks])

    def fold(self, held: Held, tp: TopicPartition, block: Block) -> None:
        """Fold decoded records of a partition, and keep what there is to tell."""
        topic, label, began = self.topics[tp.topic], self.labels[tp.topic], time.perf_counter()
        block = block.found(held.partition.fans)
        turns = held.partition.fold(block.events, topic)
        self.metrics.stage["fold"].observe(time.perf_counter() - began)
        self._tell(held, turns, block.acts)
        if topic == Topic.REPOSTS:
            self._credit(held, block)
        for record, reason in block.letters():
            self.refuse(held, tp, record, reason)
        self.tally.add(label, block)
        if topic != Topic.CREDITS:
            held.outbox.stamps.append((label, block.taken().timestamp))
        held.stamps[tp] = int(block.records.timestamp[-1])
        held.outbox.events += len(block.records)

    def tick(self, held: Held, tp: TopicPartition, block: RawBlock, lagging: set[Topic]) -> None:
        """Let the newest time pass that a block of ticks tells."""
        now = 0
        for record in block.records:
            try:
                now = max(now, read_tick(record.value or b"").now)
            except msgspec.DecodeError as error:  # nobody else should write here, and one who does may not stop us
                self.refuse(held, tp, record, str(error))
                held.outbox.events += 1
        if now == 0:
            return
        left, self.budget_at = self.budget_at, time.monotonic()
        self.budget = min(float(FLAGS_PER_S), self.budget + FLAGS_PER_S * (self.budget_at - left))
        turns = held.partition.tick(now, lagging, int(self.budget), ROWS_PER_TICK)
        self.budget -= len(turns)
        self._tell(held, turns, [])
        self.metrics.timer_lag.set(max(time.time() - now / 1000, 0.0))

    def _tell(self, held: Held, turns: Rows, acts: list[Act]) -> None:
        if not len(turns):
            return
        held.outbox.turns.append(turns)
        self.tally.turned(held.partition.fans.columns.code[turns["row"]], turns)
        held.outbox.proofs += [proof_of(acts[event]) if event >= 0 else None for event in turns["event"].tolist()]

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


def proof_of(act: Act) -> Proof:
    """Return copies of the ids: the act's own, kept until the flush, would leave its block's memory full of holes."""
    post: str | None = getattr(act, "post_id", None)  # a credit has none
    return act.event_id.encode(), None if post is None else post.encode()


def kind_of(reason: str) -> str:
    """Return a reason's bounded form for a label: a value of a bad record must not become a series.

    >>> kind_of("Expected `int`, got `str` - at `$.event_time`"), kind_of("value of 70000 bytes, more than 65536")
    ('invalid field', 'too large')
    """
    return next((kind for start, kind in KINDS.items() if reason.startswith(start)), INVALID)
