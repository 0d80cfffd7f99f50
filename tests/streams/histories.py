"""Histories of acts as records, and how to run them through a task: the tests' own small Kafka."""

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from schemas.inputs.declaration import Input
from schemas.row import Rows
from streams.decode.decoder import DecodedBatch, decode
from streams.fans.model import MODEL, Model
from streams.fans.params import Brands, Params
from streams.rules.rule import DAY, TRANSITION
from streams.task import NO_LIMIT, Clocks, Limits, Task, TaskOutput
from streams.wire.records import ByteSlices, Record, Records

START = 1_700_000_000_000
NEVER_FUTURE = 1 << 60


def brands(model: Model = MODEL, others: Params | None = None, **named: Params) -> Brands:
    """Return brands by name; without any there is miot with the defaults."""
    return Brands(model.params_dtype, model.kinds, named or {"miot": model.brand()}, others or model.params())


def tuned(model: Model = MODEL, **fields: Any) -> Params:
    """Return a brand with these parameters."""
    return model.brand(**fields)


def new_task(model: Model = MODEL, of: Brands | None = None, dedup_ids: int = 1_000) -> Task:
    """Return an empty task that owns every key."""
    return Task(model, of or brands(model), dedup_ids=dedup_ids)


def record(offset: int, at: int, fan: str = "f", **fields: Any) -> Record:
    """Return a record ``at`` ms after START; fields overwrite those of a good event."""
    event = {"event_id": f"e{offset}", "brand_id": "miot", "fan_id": fan, "platform": "weibo", "event_time": START + at}
    event |= {"order_id": "o", "amount_minor": 1, "currency": "CNY", "sentiment": -0.1} | fields
    return Record(offset, 0, f"{event['brand_id']}:{event['fan_id']}".encode(), msgspec.json.encode(event))


def batch(source: Input, records: Iterable[Record]) -> DecodedBatch:
    """Return decoded records, none of which may be refused."""
    decoded = decode(source, Records.of(records), NEVER_FUTURE)
    assert not decoded.refused
    return decoded


def apply(task: Task, source: Input, records: Iterable[Record], now: int = START) -> DecodedBatch:
    """Apply records of one input; return the batch with the outcome of each event."""
    decoded = batch(source, records)
    return task.process(source, decoded, int(decoded.records.offset[-1]) + 1, now)


def process(task: Task, source: Input, records: Iterable[Record]) -> Rows:
    """Apply records of one input; return the transitions."""
    before = len(task.pending.transitions)
    apply(task, source, records)
    added = task.pending.transitions[before:]
    return added[0] if added else np.zeros(0, TRANSITION)


def advance(task: Task, at: int, lag: Iterable[Input] = (), transitions: int = 1_000, rows: int = NO_LIMIT) -> Rows:
    """Let time pass up to ``at`` ms after START; return the transitions."""
    clocks = Clocks(START + at, frozenset(source.number for source in lag))
    return task.advance(clocks, Limits(transitions, rows))


def publish(task: Task) -> TaskOutput:
    """Let readers have what there is."""
    return task.poll_output(START)


def changelog(output: TaskOutput, store: str = "fans") -> list[Record]:
    """Return the changelog records of a store among a task's output."""
    pairs = [pair for keys, values in output.changelogs[store] for pair in zip(texts(keys), texts(values), strict=True)]
    return [Record(n, 0, key, value) for n, (key, value) in enumerate(pairs)]


def texts(slices: ByteSlices) -> list[bytes | None]:
    """Return byte slices as bytes, None where one is null."""
    return [None if start < 0 else slices.at(i) for i, start in enumerate(slices.start.tolist())]


def restored(*changelogs: Iterable[Record], of: Brands | None = None, model: Model = MODEL) -> Task:
    """Return a task that was restored from batches of the fans changelog."""
    task = new_task(model, of)
    for records in changelogs:
        task.restore("fans", Records.of(records))
    task.finish_restore()
    return task


def daily(days: int, a_day: int = 1, every: int = DAY, **fields: Any) -> list[Record]:
    """Return ``a_day`` acts on each of ``days`` days, minutes apart and not evenly."""
    out: list[Record] = []
    for day in range(days):
        for n in range(a_day):
            out.append(record(len(out), day * every + n * 60_000 + (n * 7919 + day * 104_729) % 3_600_000, **fields))
    return sorted(out, key=lambda r: r.offset)


def fan(task: Task, name: str = "f") -> Any:
    """Return a fan's row."""
    return task.fans.columns.rows[task.fans.find(ByteSlices.of([f"miot:{name}".encode()]))[0]]
