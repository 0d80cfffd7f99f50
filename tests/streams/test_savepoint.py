"""A savepoint: a batch that made the program fail is undone, as if it had not been there."""

from schemas.inputs import LIKES, REPOSTS
from streams.rules.rule import DAY, Outcome
from streams.savepoint import Savepoint
from streams.task import Task
from streams.wire.records import ByteSlices
from tests.streams.histories import START, apply, batch, changelog, new_task, process, record, texts


def state(task: Task) -> dict[str, object]:
    """Return everything of a task that a batch moves."""
    columns, n = task.fans.columns, len(task.fans)
    queues = [columns.to_changelog, columns.to_publish, columns.to_publish_later]
    return {
        "rows": columns.rows[:n].tobytes(),
        "due": columns.due[:n].tolist(),
        "dirty": columns.dirty[:n].tolist(),
        "queues": [queue[:size].tolist() for queue, size in zip(queues, columns.queued.tolist(), strict=True)],
        "gauges": (columns.class_counts.tolist(), columns.score_sums.tolist()),
        "pending": task.pending.sizes(),
    }


def test_a_batch_is_undone_and_counts_when_it_comes_again() -> None:
    task = new_task()
    process(task, LIKES, [record(n, n * n, fan=f"f{n % 3}") for n in range(30)])
    task.poll_output(START, limit=2)
    process(task, LIKES, [record(30, 1_000)])
    bad = [record(40 + n, DAY + n, fan=f"f{n % 4}", parent_fan_id="star") for n in range(60)]
    task.fans.find(ByteSlices.of([b"miot:f3"]))  # a new fan of the batch has a row of zeros
    before = state(task)
    savepoint = Savepoint.of(task, REPOSTS, batch(REPOSTS, bad))
    apply(task, REPOSTS, bad)
    assert state(task) != before
    savepoint.roll_back()
    assert state(task) == before
    assert task.applied == {LIKES.number: 31, REPOSTS.number: 100}, "a refused record counts as read"
    again = apply(task, REPOSTS, bad).events["outcome"].tolist()
    assert set(again) == {Outcome.APPLIED}


def test_ids_that_were_known_before_the_batch_stay_known() -> None:
    task = new_task()
    process(task, LIKES, [record(0, 0)])
    some = [record(0, 0), record(1, 1)]
    savepoint = Savepoint.of(task, LIKES, batch(LIKES, some))
    apply(task, LIKES, some)
    savepoint.roll_back()
    found = apply(task, LIKES, some).events["outcome"].tolist()
    assert found == [Outcome.DUPLICATE, Outcome.APPLIED]


def test_nothing_of_an_undone_batch_is_written() -> None:
    task = new_task()
    process(task, LIKES, [record(0, 0, fan="g")])
    some = [record(n, n) for n in range(20)]
    savepoint = Savepoint.of(task, LIKES, batch(LIKES, some))
    apply(task, LIKES, some)
    savepoint.roll_back()
    output = task.poll_output(START)
    assert [key for keys, _ in output.scores for key in texts(keys)] == [b"miot:g"]
    assert (output.flags, output.attributions, output.dead_letters) == ([], [], [])
    assert [one.key for one in changelog(output)] == [b"miot:g", b"applied-offsets"]
