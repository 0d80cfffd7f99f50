"""1,000 flags a second leave a worker, and its partitions get the same share whoever is asked first (B4)."""

import json
from pathlib import Path

import pytest

from agents.transport.fetching import FetchedBatch
from agents.worker.active_task import ActiveTask
from agents.worker.flag_budget import FLAGS_PER_S, MAX_SAVED_TICKS, FlagBudget
from schemas.inputs.likes import LIKES
from streams.rules.rule import DAY
from streams.wire.records import Record, Records
from tests.agents.worker.memory_worker import MemoryWorker, broker_with_topics, clock_tp, scene, tp
from tests.streams.histories import START, new_task, record
from tests.support.clock import ManualClock

TICK_S = 5.0


def rounds(leavers: list[int], every_ms: list[int]) -> list[list[int]]:
    """Return how many are flagged in each partition after each round of judgements, ``every_ms`` apart."""
    budget, tasks = FlagBudget(TICK_S), [ActiveTask(n, new_task(), 0.0) for n in range(len(leavers))]
    now, flagged, found = START, [0] * len(leavers), list[list[int]]()
    for passed in every_ms:
        now += passed
        for n, active in enumerate(tasks):
            flags = min(budget.take(active, now, len(tasks)), leavers[n] - flagged[n])
            budget.spend(active, flags)
            flagged[n] += flags
        found.append(list(flagged))
    return found


def test_three_partitions_of_leavers_progress_at_the_same_rate() -> None:
    found = rounds([5_000] * 3, [1_000] * 12)
    assert all(max(flagged) - min(flagged) <= 1 for flagged in found)
    for seconds, flagged in enumerate(found):
        assert sum(flagged) <= FLAGS_PER_S * (TICK_S + seconds)
    assert [sum(flagged) for flagged in found][:2] == [pytest.approx(5_000, abs=3), pytest.approx(6_000, abs=3)]
    assert sum(found[-1]) == 15_000


def test_elapsed_time_counts_and_not_the_number_of_judgements() -> None:
    slow, fast = rounds([50_000], [0] + [5_000] * 4), rounds([50_000], [0] + [100] * 200)
    assert slow[-1] == fast[-1] == [25_000]


def test_no_more_is_saved_up_than_two_ticks() -> None:
    assert rounds([10**9], [0, 3_600_000])[-1] == [int(FLAGS_PER_S * TICK_S * (1 + MAX_SAVED_TICKS))]


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    assert rounds([50_000], [0, -60_000, 0])[-1] == [5_000]


def leaver(offset: int, name: str) -> Record:
    return record(offset, -31 * DAY, name)


def test_real_leavers_of_three_partitions_are_flagged_at_the_same_rate(tmp_path: Path) -> None:
    """Silent fans after an outage: the flags of each tick differ by one between partitions at most."""
    leavers, partitions = 3_000, 3

    async def claim() -> None:
        clock, broker = ManualClock(START), broker_with_topics(partitions)
        worker = MemoryWorker(broker, tmp_path, clock, partitions=partitions)
        await worker.start()
        leavers_of = [leaver(n, f"f{n}") for n in range(leavers)]
        for number in range(partitions):
            for first in range(0, leavers, 500):
                some = [*leavers_of[first : first + 500], record(leavers + first, 0, "other")]  # the source is alive
                broker.produce(tp(LIKES, number), [(one.key, one.value) for one in some], START)
        worker.poll()
        for number in range(partitions):
            worker.task(number).pending.take()
        more = worker.task().fans.kernels.max_transitions  # of the fan with which a budget is spent
        for seconds in range(12):
            now = START + 1_000 * seconds
            clock.ms = now
            value = json.dumps({"now": now}).encode()
            ticks = [
                (clock_tp(number), FetchedBatch(seconds, seconds + 1, Records.of([Record(seconds, now, None, value)])))
                for number in range(partitions)
            ]
            worker.processor.process(ticks, worker.assignment.tasks, lambda _: frozenset())
            flagged = [sum(map(len, worker.task(number).pending.transitions)) for number in range(partitions)]
            assert max(flagged) - min(flagged) <= 1, flagged
            assert sum(flagged) <= FLAGS_PER_S * (TICK_S + seconds) + partitions * more, flagged
            if sum(flagged) == leavers * partitions:
                assert seconds >= leavers * partitions / FLAGS_PER_S - TICK_S
                return
        raise AssertionError(f"{flagged} of {leavers} a partition are flagged after {seconds} s")

    scene(claim)
