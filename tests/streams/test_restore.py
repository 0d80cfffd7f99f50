"""Restoring a task: what is deleted, which value wins, who is never published, and gauges and queues that agree."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.inputs import ATTRIBUTION, INPUTS, LIKES, PURCHASES
from schemas.inputs.declaration import Input
from schemas.outputs.applied_offsets import APPLIED_OFFSETS_KEY
from schemas.row import Floats, Ints
from streams.fans.columns import Dirty
from streams.fans.model import MODEL
from streams.fans.store import CHANGELOG, DIRTY_BITS, PUBLISH, PUBLISH_LATER
from streams.rules.rule import DAY, NEVER
from streams.task import Task
from streams.wire.records import Record, Records
from tests.streams.histories import (
    START,
    advance,
    brands,
    changelog,
    daily,
    fan,
    new_task,
    process,
    publish,
    record,
    restored,
    texts,
    tuned,
)

BRANDS = brands(miot=tuned(), other=tuned(talk_half_life=3.0))
FANS, NAMES = "fgh", ("miot", "other", "unnamed")

Act = tuple[Input, int, int, str, str, float]  # input, place of the kind, ms after START, brand, fan, sentiment
acts = st.tuples(
    st.sampled_from(INPUTS),
    st.integers(0, 2),
    st.integers(0, 400 * DAY),
    st.sampled_from(NAMES),
    st.sampled_from(FANS),
    st.floats(-1, 1),
)
histories = st.lists(st.lists(acts, min_size=1, max_size=20), min_size=1, max_size=4)


def run(task: Task, history: Sequence[Act], first: int) -> None:
    """Apply acts, as a batch for each input."""
    for source in INPUTS:
        records = [
            record(first + n, at, fan, brand_id=brand, type=_kind(source, kind), sentiment=mean, by_fan_id="x")
            for n, (of, kind, at, brand, fan, mean) in enumerate(history)
            if of is source
        ]
        if records:
            process(task, source, records)


def _kind(source: Input, kind: int) -> str:
    return source.kinds[kind % len(source.kinds)].name


def recount(task: Task) -> tuple[Ints, Floats]:
    """Return fans by brand and class, and the sum of scores by brand, counted from the rows."""
    counts, sums = np.zeros_like(task.fans.columns.class_counts), np.zeros_like(task.fans.columns.score_sums)
    for row, code in zip(task.fans.columns.rows[: len(task.fans)], task.fans.columns.code, strict=False):
        number = 0
        for gauge in MODEL.gauges:
            number = number * len(gauge.values) + int(gauge.value(row))
        counts[code, number] += bool(row.seq)
        sums[code] += row.score
    return counts, sums


def check_gauges(task: Task) -> None:
    counts, sums = recount(task)
    assert np.array_equal(task.fans.columns.class_counts, counts)
    np.testing.assert_allclose(task.fans.columns.score_sums, sums, atol=1e-3)


def check_queues(task: Task) -> None:
    """Each row stands in a queue at most once, and in the queues of its bits."""
    columns = task.fans.columns
    queues = (columns.to_changelog, columns.to_publish, columns.to_publish_later)
    for place, queue in enumerate(queues):
        rows = queue[: columns.queued[place]].tolist()
        assert len(rows) == len(set(rows))
        bit = DIRTY_BITS[place]
        assert set(rows) == {row for row in range(len(task.fans)) if columns.dirty[row] & bit}


@settings(deadline=None, max_examples=30)
@given(histories, st.integers(0, 3), st.booleans())
def test_gauges_equal_a_recount_and_queues_hold_each_row_once(
    history: list[list[Act]], limit: int, later: bool
) -> None:
    task = new_task(of=BRANDS)
    records: list[Record] = []
    for n, some in enumerate(history):
        run(task, some, 100 * n)
        check_gauges(task)
        check_queues(task)
        advance(task, max(at for _, _, at, *_ in some) + 9 * DAY)
        check_gauges(task)
        output = task.poll_output(START, limit, later)
        assert sum(len(keys.start) for keys, _ in output.scores) <= limit
        assert task.fans.columns.queued[CHANGELOG] == 0
        records += changelog(output)
        check_queues(task)
    heir = restored(records, of=BRANDS)
    check_gauges(heir)
    check_queues(heir)
    assert sorted(heir.fans.index.keys(np.arange(len(heir.fans)))) == sorted(
        task.fans.index.keys(np.arange(len(task.fans)))
    )


def test_a_tombstone_deletes_a_fan_who_may_come_again() -> None:
    task = new_task()
    process(task, PURCHASES, [record(n, n) for n in range(9)])
    process(task, LIKES, [record(n, n, fan="g") for n in range(2)])
    records = changelog(publish(task))
    tombstone = Record(99, 0, b"miot:f", None)
    heir = restored([*records, tombstone])
    check_gauges(heir)
    assert heir.fans.columns.class_counts.sum() == 1
    row = heir.fans.find(Records.of([tombstone]).keys())[0]
    assert (heir.fans.columns.rows["seq"][row], heir.fans.columns.due[row]) == (0, NEVER)
    output = publish(heir)
    assert [key for keys, _ in output.scores for key in texts(keys)] == []
    assert [one.key for one in changelog(output)] == [APPLIED_OFFSETS_KEY]
    process(heir, LIKES, [record(50, 5)])
    assert (fan(heir).seq, fan(heir).count_purchase, fan(heir).count_like) == (1, 0, 1)
    check_gauges(heir)


@pytest.mark.parametrize("batches", [1, 3])
def test_of_values_and_tombstones_of_one_key_the_last_wins(batches: int) -> None:
    task, records = new_task(), []
    for n in range(3):
        process(task, LIKES, [record(n, n)])
        records += [one for one in changelog(publish(task)) if one.key != APPLIED_OFFSETS_KEY]
    tombstone = records[0]._replace(value=None)
    for history, likes in ((records, 3), (records[::-1], 1), ([*records, tombstone], 0), ([tombstone, records[1]], 2)):
        heir = restored(*([history] if batches == 1 else [[one] for one in history]))
        assert (len(heir.fans), fan(heir).count_like) == (1, likes)


def test_a_fan_who_was_named_staff_since_neither_moves_nor_is_published() -> None:
    task = new_task()
    process(task, LIKES, [record(n, n, fan="weibo:9") for n in range(20)])
    process(task, LIKES, [record(n, n) for n in range(20)])
    records = changelog(task.poll_output(START, limit=0))
    heir = restored(records, of=brands(miot=tuned(staff=("weibo:9",))))
    before = fan(heir, "weibo:9").tobytes()
    process(heir, LIKES, [record(100 + n, 90 * DAY + n, fan=name) for n, name in enumerate(("weibo:9", "g"))])
    process(heir, ATTRIBUTION, [record(0, 90 * DAY, fan="weibo:9", by_fan_id="g")])
    advance(heir, 90 * DAY)
    output = publish(heir)
    assert sorted(key or b"" for keys, _ in output.scores for key in texts(keys)) == [b"miot:f", b"miot:g"]
    assert b"miot:weibo:9" not in [key for keys, _ in output.flags for key in texts(keys)]
    assert fan(heir, "weibo:9").tobytes() == before
    assert heir.fans.columns.class_counts.sum() == 2


def test_a_row_is_published_once_a_change_and_no_more_than_asked_for() -> None:
    task = new_task()
    process(task, LIKES, [record(n, n, fan=f"f{n % 10}") for n in range(50)])
    seen = [[key for keys, _ in task.poll_output(START, 4).scores for key in texts(keys)] for _ in range(4)]
    assert [len(keys) for keys in seen] == [4, 4, 2, 0]
    assert len({key for keys in seen for key in keys}) == 10
    assert not task.has_output()


def test_a_small_change_is_published_later_with_what_may_wait_no_longer() -> None:
    task = new_task()
    process(task, LIKES, [record(n, n * n) for n in range(15)])
    publish(task)
    process(task, LIKES, [record(15, 225)])
    assert task.fans.columns.dirty[0] & (Dirty.PUBLISH | Dirty.PUBLISH_LATER) == Dirty.PUBLISH_LATER
    assert not task.has_output()
    assert task.poll_output(START, later=False).scores == []
    assert task.fans.columns.queued.tolist()[PUBLISH_LATER] == 1
    assert len(task.poll_output(START, later=True).scores) == 1
    assert task.poll_output(START, later=True).scores == []
    assert task.fans.columns.queued.tolist() == [0, 0, 0]


def test_a_fan_who_was_published_meanwhile_is_not_published_later_again() -> None:
    task = new_task()
    process(task, LIKES, [record(0, 0)])
    assert len(task.poll_output(START, later=False).scores) == 1
    assert task.fans.columns.queued.tolist()[PUBLISH] == 0
    assert task.poll_output(START, later=True).scores == []


def test_applied_offsets_are_restored_and_written_again_by_the_first_transaction() -> None:
    task = new_task()
    process(task, LIKES, [record(6, 0)])
    process(task, PURCHASES, [record(11, 0)])
    task.topic_ids[LIKES.number] = "id-of-likes"
    records = changelog(publish(task))
    assert APPLIED_OFFSETS_KEY not in [one.key for one in changelog(publish(task))], "nothing moved since"
    heir = restored(records)
    assert heir.applied == {LIKES.number: 7, PURCHASES.number: 12}
    assert heir.topic_ids == {LIKES.number: "id-of-likes", PURCHASES.number: ""}
    assert len(heir.fans) == 1
    assert [one for one in changelog(publish(heir)) if one.key == APPLIED_OFFSETS_KEY] == [
        records[-1]._replace(offset=0)
    ], "the same says so again"


def test_a_key_of_another_partition_is_refused() -> None:
    task = new_task()
    process(task, LIKES, [record(n, n, fan=f"f{n}") for n in range(9)])
    heir = Task(MODEL, brands(), owned=(0, 12), dedup_ids=10)
    with pytest.raises(ValueError, match="another partition"):
        heir.restore("fans", Records.of(changelog(publish(task))))


def test_due_rows_come_back_with_a_restore() -> None:
    task = new_task()
    process(task, LIKES, daily(20))
    process(task, LIKES, [record(900, 19 * DAY, fan="g")])
    heir = restored(changelog(publish(task)))
    assert heir.fans.columns.due[:2].tolist() == task.fans.columns.due[:2].tolist()
    assert heir.fans.sources.newest[0] == task.fans.sources.newest[0]
