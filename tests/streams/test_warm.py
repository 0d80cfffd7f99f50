"""A task compiles nothing once it is warm: a kernel takes seconds, in which nothing is scored."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# In a process of its own: other tests call kernels in ways of their own.
WORK = """
import json, sys
from streams.fans import composed
from streams.fans.model import MODEL
from streams.warm import MANY, warm

def compiled():
    modules = {name: module for name, module in list(sys.modules.items()) if name.startswith("streams.")}
    modules |= {f"composed {name}": module for (name, _), module in composed._loaded.items()}
    return {
        f"{name}.{kernel.__name__}": len(kernel.overloads)
        for name, module in modules.items()
        for kernel in vars(module).values() if type(kernel).__name__ == "CPUDispatcher"
    }

restored = warm()
before = compiled()
assert before["composed streams.fans.kernels.fold"] == before["streams.dedup.hash_set.find_slot"] == 1, before

from tests.streams.random_histories import history, run

for seed in range(3):
    run(history(seed, steps=60))

import numpy as np
from schemas.inputs import INPUTS
from streams.decode.decoder import decode
from streams.wire.pack import pack
from streams.wire.records import Records, ByteSlices, read_batch
from streams.savepoint import Savepoint
from tests.streams.histories import NEVER_FUTURE, START, batch, brands, new_task, record
from streams.task import Task

def fetched(columns):
    parts = []
    for count, data in pack(columns, 1 << 16, 61):
        raw, spans = np.frombuffer(data[61:].tobytes(), np.uint8), np.empty((6, count), np.int64)
        assert read_batch(raw, 0, len(raw), (7, START), START, spans, 0, count)
        parts.append(Records(raw, spans))
    return parts

of = brands(miot=MODEL.brand(staff=("f1", "f2")), second=MODEL.brand())
tasks = [Task(MODEL, of, (n, 2), 100) for n in range(2)]
log = {n: [] for n in range(2)}
heirs = [Task(MODEL, of, (n, 2), 100) for n in range(2)]
for source in INPUTS:
    made = [
        record(n, n, f"f{n}", text="so bad", by_fan_id="x", parent_fan_id="f0", brand_id=["miot", "second", "x"][n % 3])
        for n in range(5_000)
    ]
    keys, values = ByteSlices.of([one.key for one in made]), ByteSlices.of([one.value for one in made])
    parts = fetched([(keys, values)])
    for together in (Records.joined(parts), parts[0].part(1, 40), parts[0].part(3, 4)):
        lengths = lambda texts: np.full(len(texts), -0.9)
        for n, task in enumerate(tasks):
            for decoded in decode(source, together, NEVER_FUTURE, lengths).split([len(together)]):
                savepoint = Savepoint.of(task, source, decoded)
                decoded = task.process(source, decoded, 9, START)
                savepoint.roll_back()
                task.process(source, decode(source, together, NEVER_FUTURE, lengths), 9, START)
                task.observe_ids(source, decoded, START)
            output = task.poll_output(START + 2_000, 100, later=True)
            task.fans.mark_changed(0)
            for columns in (output.scores, output.flags, output.changelogs["fans"]):
                if columns:
                    parts_of = fetched(columns)
            for part in parts_of:
                heirs[n].restore("fans", part)
            log[n] += [output.dedup] if output.dedup else []
from streams.task import Clocks
for n, heir in enumerate(heirs):
    heir.dedup.restore(log[n])
    heir.finish_restore()
    heir.advance(Clocks(START + 10**10, frozenset([0, 1])))
    heir.advance(Clocks(START + 10**10))
    heir.poll_output(START)

after = compiled()
late = {name: [before.get(name), n] for name, n in after.items() if n != before.get(name)}
print(json.dumps([restored == MANY, late]))
"""


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="plain Python compiles nothing")
def test_warm_compiles_all_that_a_task_calls() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0"}  # also where all other tests run plain Python
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", WORK],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [True, {}]
