"""A worker compiles nothing once it has begun: a kernel takes seconds, in which nothing is scored."""

import json
import subprocess
import sys

# In a process of its own: other tests call kernels in ways of their own.
WORK = """
import asyncio, json, sys, tempfile
from pathlib import Path

from streams.fans import composed
from streams.warm import warm
from tests.agents.worker.memory_worker import NAMES, MemoryWorker, broker_with_topics, produce, tick
from faust.types import TP

def compiled():
    modules = {name: module for name, module in list(sys.modules.items()) if name.startswith("streams.")}
    modules |= {f"composed {name}": module for (name, _), module in composed._loaded.items()}
    return {
        f"{name}.{kernel.__name__}": len(kernel.overloads)
        for name, module in modules.items()
        for kernel in vars(module).values() if type(kernel).__name__ == "CPUDispatcher"
    }

warm()
before = compiled()

async def work():
    broker = broker_with_topics(2)
    for _ in range(2):  # the second one restores what the first one wrote
        worker = MemoryWorker(broker, Path(tempfile.mkdtemp()), partitions=2)
        await worker.start()
        for topic in NAMES.inputs:
            for number in range(2):
                produce(broker, 0, 300, TP(topic, number), text="so bad", by_fan_id="x", parent_fan_id="star")
                produce(broker, 300, 300, TP(topic, number), fan=f"{topic}{number}", text="so bad", by_fan_id="x")
                broker.produce(TP(topic, number), [(b"miot:f", b"{")], 1)
        await worker.work()
        for number in range(2):
            tick(broker, worker.clock.now() + 10**10, number)
        worker.clock.ms += 10**9
        worker.poll()
        await worker.commit(with_tick=True)

asyncio.run(work())
after = compiled()
print(json.dumps({name: [before.get(name), n] for name, n in after.items() if n != before.get(name)}))
"""


def test_warm_compiles_all_that_a_worker_calls() -> None:
    ran = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {}
