"""Laws of the fold: order across inputs and repetition do not matter, whatever the batches."""

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.inputs import COMMENTS, INPUTS, LIKES, REPOSTS
from schemas.inputs.lookup import public
from streams.rules import churn
from streams.rules.churn import Lifecycle
from streams.rules.rule import DAY
from streams.task import Task
from streams.wire.records import Record
from tests.streams.histories import START, advance, changelog, new_task, process, publish, record, restored

SOURCES = public(INPUTS)
SUMS = ("talk", "share", "influence", "organic_weight", "total_weight")
EXACT = ("n_days", "newest_day", "active_days", "first_seen", "last_seen", "as_of", "suspect")

Act = tuple[int, int, int, bool]  # place of the input and of its kind, ms after START, for a prize
acts = st.lists(
    st.tuples(st.integers(0, len(SOURCES) - 1), st.integers(0, 2), st.integers(0, 50 * DAY), st.booleans()),
    max_size=25,
)


def records(history: Sequence[Act], place: int) -> list[Record]:
    kinds = SOURCES[place].kinds
    return [
        record(n, at, type=kinds[kind % len(kinds)].name, incentivized=prize, sentiment=-0.4)
        for n, (of, kind, at, prize) in enumerate(history)
        if of == place
    ]


def fold_all(history: Sequence[Act], seed: int, repeat: bool = False) -> Task:
    rng, task = random.Random(seed), new_task()
    queues = {place: records(history, place) for place in range(len(SOURCES))}
    while any(queues.values()):
        place = rng.choice([place for place, queue in queues.items() if queue])
        n = rng.randint(1, len(queues[place]))
        head, queues[place] = queues[place][:n], queues[place][n:]
        for _ in range(1 + repeat):
            process(task, SOURCES[place], head)
    return task


@given(acts, st.integers(0, 99), st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_inputs_may_arrive_in_any_order(history: list[Act], one: int, other: int) -> None:
    a, b = fold_all(history, one), fold_all(history, other, repeat=True)
    assert len(a.fans.index) == len(b.fans.index)
    counts = [f"count_{kind.name}" for kind in a.model.kinds]
    for name in (*EXACT, *counts):
        assert np.array_equal(a.fans.columns.rows[name], b.fans.columns.rows[name]), name
    for name in SUMS:
        np.testing.assert_allclose(a.fans.columns.rows[name], b.fans.columns.rows[name], rtol=1e-12, atol=1e-12)
    assert ((a.fans.columns.rows["score"] >= 0.0) & (a.fans.columns.rows["score"] <= 100.0)).all()


def test_silence_changes_the_lifecycle_once_and_an_act_changes_it_back() -> None:
    task = new_task()
    process(task, LIKES, [record(day, day * DAY) for day in range(20)])
    task.fans.sources.newest[:] = START + 100 * DAY  # other fans keep the brand's clock going
    found = np.concatenate([advance(task, day * DAY // 4) for day in range(80, 400)])
    found = found[found["flag"] == churn.FLAG]
    assert found["after"].tolist() == [Lifecycle.AT_RISK, Lifecycle.CHURNED]
    back = process(task, LIKES, [record(99, 150 * DAY)])
    assert back[back["flag"] == churn.FLAG]["after"].tolist() == [Lifecycle.RETURNED]


def test_the_changelog_gives_the_same_rows() -> None:
    task = new_task()
    process(task, REPOSTS, [record(day, day * DAY) for day in range(9)])
    process(task, COMMENTS, [record(day, day * DAY) for day in range(9)])
    other = restored(changelog(publish(task)))
    assert other.fans.columns.rows[:1].tobytes() == task.fans.columns.rows[:1].tobytes()
    assert publish(task).changelogs == {"fans": []}
