"""A worker compiles nothing once it has begun: a kernel takes seconds, in which nothing is scored."""

import json
import subprocess
import sys

# In a process of its own: other tests call kernels in ways of their own.
WORK = """
import asyncio, json, sys, tempfile, time
from pathlib import Path
from types import SimpleNamespace
from aiokafka import TopicPartition
from numba.core.registry import CPUDispatcher

from agents.metrics import Metrics
from agents.transport.blocks import RawBlock
from agents.worker.applying.batches import Applying
from agents.worker.applying.blackbox import BlackBox
from agents.worker.applying.scoring import Scoring
from agents.worker.owning.held import Held
from agents.worker.telling.flush import Flush
from schemas.topics import Names
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.spans import Record, Records
from streams.sentiment.model import shipped
from streams.warm import warm

def compiled():
    return {
        f"{name}.{kernel.__name__}": len(kernel.overloads)
        for name, module in list(sys.modules.items()) if name.startswith("streams.")
        for kernel in vars(module).values() if isinstance(kernel, CPUDispatcher)
    }

warm()
before = compiled()

NOW, FANS, PARTITIONS = int(time.time() * 1000), 4_000, 2
names, brands, metrics = Names("", "", "g"), Brands({}, Params()), Metrics(["weibo"])
scoring = Scoring(names, PARTITIONS, metrics, brands, shipped().score)
applying = Applying(scoring, BlackBox(Path(tempfile.mkdtemp()) / "box", (*names.inputs, names.credits)))
flush = Flush(SimpleNamespace(write=lambda load, who: asyncio.sleep(0)), names, metrics, 0.0, 5.0)

def block(topic, places):
    records = []
    for n in places:
        act = {"event_id": f"{topic}{n}", "brand_id": "b", "fan_id": f"f{n % FANS}", "platform": "weibo"}
        act |= {"event_time": NOW, "text": "so bad", "order_id": "o", "amount_minor": 1, "currency": "CNY"}
        act |= {"parent_fan_id": "f0"}
        key = f"b:f{n % FANS if n % 50 else 'x'}"  # one in fifty is refused
        records.append(Record(len(records), NOW, key.encode(), json.dumps(act).encode()))
    return RawBlock(0, len(records), Records.of(records))

for together in (False, True):
    some = [
        (TopicPartition(topic, n), block(topic, range(together, 2 * FANS, 3)))
        for topic in names.inputs for n in range(PARTITIONS)
    ]
    held = {n: Held(n, Partition(brands, n, PARTITIONS), 0.0) for n in range(PARTITIONS)}
    for batch in [some] if together else [[one] for one in some]:
        applying.apply(batch, held, lambda number: set())
    tick = Record(0, NOW, None, json.dumps({"now": NOW + 10**10}).encode())
    applying.apply([(TopicPartition(names.ticks, 0), RawBlock(0, 1, Records.of([tick])))], held, lambda number: set())
    asyncio.run(flush.flush(held, lambda: object()))

after = compiled()
print(json.dumps({name: [before.get(name), n] for name, n in after.items() if n != before.get(name)}))
"""


def test_warm_compiles_all_that_a_worker_calls() -> None:
    ran = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {}
