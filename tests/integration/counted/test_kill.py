"""kill -9 in the middle of a load, again and again: nothing is lost, nothing counts twice."""

from itertools import islice
from pathlib import Path

from tests.integration.counted.proof import Case, check, done, load, loaded
from tests.support.processes import Processes, until

KILLS = 3
RATE = 6_000  # events a second: each part of the load takes 3 s, of which the worker sees the first moments


def parts(path: Path, lines: int, count: int) -> list[Path]:
    """Cut a file into consecutive ones."""
    made = []
    with path.open(encoding="utf-8") as whole:
        for n in range(count):
            made.append(path.with_name(f"part-{n}.jsonl"))
            made[-1].write_text("".join(islice(whole, -(-lines // count))), encoding="utf-8")
    return made


def test_a_worker_killed_in_the_middle_of_a_load_gives_the_same_result(
    broker_processes: Processes, sample: Case
) -> None:
    *before, last = parts(sample.path, sample.lines, KILLS + 1)
    worker = broker_processes.worker()
    for part in before:
        loading, begun = load(broker_processes, part, rate=RATE), done(broker_processes)
        until(lambda begun=begun: done(broker_processes) > begun, 60, "the worker has committed more")  # type: ignore[misc]
        assert loading.child.is_running, "the load was over before the kill"
        worker.kill()
        loaded(loading)
        worker.start()
        worker.wait_ready()
    loaded(load(broker_processes, last))
    check(broker_processes, sample, [worker])
