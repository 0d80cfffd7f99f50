"""Compile every kernel before the first event, so that no compile time falls into a rebalance; `make setup` runs it."""

import msgspec
import numpy as np

from schemas.row import Bytes
from streams.decode.decoder import decode
from streams.fans.model import MODEL, Model
from streams.fans.params import Brands
from streams.savepoint import Savepoint
from streams.sentiment.model import shipped
from streams.task import Clocks, Task, TaskOutput
from streams.wire.pack import pack
from streams.wire.records import ByteSlices, Record, Records, read_batch

MANY = 2_000  # keys, for which an index grows, and ids, for which a dedup window does
WARM_AT = 1_700_000_000_000
LATER = WARM_AT + (1 << 40)
MAX_BATCH_BYTES = 1 << 20


def warm(model: Model = MODEL) -> int:
    """Call every kernel as a worker does; return how many fans came back from the changelog."""
    shipped().score(["x"])
    brands = Brands(model.params_dtype, model.kinds, {}, model.params())
    task, other = Task(model, brands, (0, 1)), Task(model, brands, (0, 1))
    _process(task)
    output = task.poll_output(WARM_AT)
    task.fans.mark_changed(0)
    task.advance(Clocks(LATER, frozenset(source.number for source in model.inputs)))
    task.advance(Clocks(LATER))
    task.fans.kernels.decay_all(task.fans.columns, len(task.fans), LATER, brands.rows)
    _restore(other, output, task.poll_output(LATER))
    return len(other.fans)


def _process(task: Task) -> None:
    """Apply a batch of every input, the first time with more new fans than an index begins with."""
    for n in (MANY, 1):
        for source in task.model.inputs:
            records = Records.of([Record(i, WARM_AT, b"b:f%d" % i, _event(i)) for i in range(n)])
            savepoint = Savepoint.of(task, source, decode(source, records, WARM_AT))
            task.process(source, decode(source, records, WARM_AT), n, WARM_AT)
            savepoint.roll_back()
            task.process(source, decode(source, records, WARM_AT), n, WARM_AT)
            task.observe_ids(source, decode(source, records, WARM_AT), WARM_AT)


def _event(n: int) -> bytes:
    """Return an event that is valid for every input: a field that one does not know is ignored."""
    event = {"event_id": f"e{n}", "brand_id": "b", "fan_id": f"f{n}", "platform": "p", "event_time": WARM_AT}
    event |= {"sentiment": -0.9, "text": "x", "order_id": "o", "amount_minor": 1, "currency": "CNY"}
    return msgspec.json.encode(event | {"by_fan_id": "g", "parent_fan_id": "g"})


def _restore(task: Task, *outputs: TaskOutput) -> None:
    """Write outputs as record batches, read them, and restore a task from them."""
    for output in outputs:
        for some in (*output.scores, *output.flags):
            _read_back(*some)
        for keys, values in output.changelogs[task.fans.name]:
            task.restore(task.fans.name, _read_back(keys, values))
    task.dedup.restore(output.dedup for output in outputs if output.dedup is not None)
    task.finish_restore()


def _read_back(keys: ByteSlices, values: ByteSlices) -> Records:
    """Return records that went through a record batch of Kafka's format."""
    return Records.joined([_read(count, batch) for count, batch in pack([(keys, values)], MAX_BATCH_BYTES)])


def _read(count: int, batch: Bytes) -> Records:
    raw, slices = np.frombuffer(batch.tobytes(), np.uint8), np.empty((6, count), np.int64)
    read_batch(raw, 0, len(raw), (0, 0), -1, slices, 0, count)
    return Records(raw, slices)


if __name__ == "__main__":
    warm()
