"""A record that kills the worker is found, dead-lettered alone, and leaves no trace in the task."""

from pathlib import Path
from typing import Any

import pytest

from agents.worker.active_task import ActiveTask
from agents.worker.crash_marker import MAX_DEATHS, CrashMarker
from agents.worker.isolation import Isolation
from schemas.inputs.comments import COMMENTS
from schemas.inputs.declaration import Input
from schemas.inputs.likes import LIKES
from schemas.inputs.reposts import REPOSTS
from streams.decode.decoder import DecodedBatch
from streams.task import Task
from tests.agents.worker.memory_worker import NAMES, MemoryWorker, broker_with_topics, own, produce, scene, tp
from tests.agents.worker.test_processor import batch, scores
from tests.streams.histories import START, new_task, record
from tests.support.memory_broker import MemoryBroker

CURSED = b"cursed"
process = Task.process


class Killed(BaseException):
    """As if the operating system ended the process: nothing catches it."""


def cursed(error: type[BaseException]) -> Any:
    """Return a ``Task.process`` that cannot take a record that says so, and has done its work by then."""

    def fail(task: Task, source: Input, decoded: DecodedBatch, next_offset: int, now: int) -> DecodedBatch:
        done = process(task, source, decoded, next_offset, now)
        if any(CURSED in (one.value or b"") for one in decoded.records):
            raise error(CURSED.decode())
        return done

    return fail


def isolate(active: ActiveTask, source: Input, folder: Path, *events: Any) -> None:
    isolation = Isolation(CrashMarker(folder / "marker", list(NAMES.inputs)), None)
    isolation.apply(active, source, tp(source), batch(*events), START)


def test_one_record_is_refused_with_its_traceback_and_leaves_no_trace_in_the_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Task, "process", cursed(RuntimeError))
    active = ActiveTask(0, new_task(), 0.0)
    isolate(active, LIKES, tmp_path, record(0, 0), record(1, 1, post_id="cursed"), record(2, 2))
    (dead_letter,) = active.task.pending.dead_letters
    assert (dead_letter.record.offset, dead_letter.refusal.kind) == (1, "killed the worker")
    assert dead_letter.refusal.reason == "killed the worker: RuntimeError"
    assert "RuntimeError: cursed" in dead_letter.trace
    assert [view.counts["like"] for view in scores(active.task.poll_output(START))] == [2]
    assert CrashMarker(tmp_path / "marker", list(NAMES.inputs)).suspect is None


@pytest.mark.parametrize(
    ("source", "fields"),
    [(COMMENTS, {"sentiment": -0.9}), (REPOSTS, {"parent_fan_id": "star"})],
    ids=["an angry comment", "a repost of another fan's post"],
)
def test_pending_output_gauges_and_ids_are_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Input, fields: dict[str, Any]
) -> None:
    monkeypatch.setattr(Task, "process", cursed(RuntimeError))
    active = ActiveTask(0, new_task(), 0.0)
    task, columns = active.task, active.task.fans.columns
    isolate(active, source, tmp_path, record(0, 0, **fields))

    def state() -> object:
        pending, known = task.pending, task.dedup.windows[source.number]
        row = task.fans.columns.rows[:1].tobytes(), columns.due[:1].tolist(), columns.dirty[:1].tolist()
        gauges = columns.class_counts.tolist(), columns.score_sums.tolist(), columns.queued.tolist()
        output = len(pending.transitions), list(pending.evidence), list(pending.attributions)
        return row, gauges, output, len(known)

    before = state()
    fields = {**fields, "post_id": "cursed"}
    isolate(active, source, tmp_path, record(1, 1, "new fan", **fields), record(2, 2, **fields))
    assert len(task.pending.dead_letters) == 2
    assert state() == before
    good = record(1, 1, "new fan", **{**fields, "post_id": "good"})
    isolate(active, source, tmp_path, good._replace(offset=3))
    assert state() != before, "the same id, sent again in good order, is no repeat"


@pytest.fixture
def broker() -> MemoryBroker:
    return broker_with_topics()


async def run(broker: MemoryBroker, folder: Path) -> MemoryWorker:
    worker = MemoryWorker(broker, folder)
    await worker.start()
    await worker.work()
    return worker


@pytest.mark.parametrize(("error", "deaths"), [(RuntimeError, MAX_DEATHS), (Killed, MAX_DEATHS + 1)])
def test_after_three_deaths_the_records_are_applied_one_by_one(
    broker: MemoryBroker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    deaths: int,
) -> None:
    """An exception is caught once records are applied alone; a killed process is known by one more death."""
    monkeypatch.setattr(Task, "process", cursed(error))

    async def claim() -> None:
        produce(broker, 0, 3)
        produce(broker, 3, 1, post_id="cursed")
        produce(broker, 4, 3)
        for _ in range(deaths):
            with pytest.raises(error):
                await run(broker, tmp_path)
            assert ("g", tp()) not in broker.committed
        worker = await run(broker, tmp_path)
        assert worker.likes() == 6
        assert broker.committed["g", tp()].offset == 7
        (dead_letter,) = [one for one in broker.logs[own(NAMES.dead_letters)].entries if not one.is_marker]
        assert dict(dead_letter.headers)["offset"] == b"3"
        assert worker.value("fanpulse_events_total", topic="likes", platform="weibo", outcome="applied") == 6

    scene(claim)
