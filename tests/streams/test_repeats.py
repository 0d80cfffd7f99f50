"""Producers' repeats: recognised by key, kind and id within the window of an input, also after a restore."""

from typing import Any

import numpy as np
import pytest

from schemas.inputs import ATTRIBUTION, COMMENTS, INPUTS, LIKES, REPOSTS
from schemas.inputs.declaration import Input
from schemas.inputs.lookup import public
from streams.dedup.event_hash import hash_events, slice_texts
from streams.rules.rule import Outcome
from streams.task import Task
from streams.wire.records import ByteSlices
from tests.streams.histories import START, apply, batch, changelog, fan, new_task, process, publish, record, restored

every_public_input = pytest.mark.parametrize("source", public(INPUTS), ids=lambda source: source.name)
APPLIED, DUPLICATE = Outcome.APPLIED, Outcome.DUPLICATE


def outcomes(task: Task, source: Input, *ids: str, **fields: Any) -> list[int]:
    records = [record(n, n, event_id=ident, **fields) for n, ident in enumerate(ids)]
    found: list[int] = apply(task, source, records).events["outcome"].tolist()
    return found


@every_public_input
def test_a_repeat_counts_once_in_one_batch_and_over_many(source: Input) -> None:
    task = new_task()
    assert outcomes(task, source, "a", "a", "b") == [APPLIED, DUPLICATE, APPLIED]
    before = fan(task).tobytes()
    assert outcomes(task, source, "b", "a") == [DUPLICATE, DUPLICATE]
    assert fan(task).tobytes() == before


def test_the_same_id_of_another_fan_kind_or_input_is_another_event() -> None:
    task = new_task()
    assert outcomes(task, LIKES, "a") == [APPLIED]
    assert outcomes(task, LIKES, "a", fan="g") == [APPLIED]
    assert outcomes(task, LIKES, "a", type="unlike") == [APPLIED]
    assert outcomes(task, REPOSTS, "a") == [APPLIED]


def test_attributions_count_each() -> None:
    assert outcomes(new_task(), ATTRIBUTION, "a", "a", "a", by_fan_id="x") == [APPLIED] * 3


def test_a_window_knows_the_newest_half_for_certain() -> None:
    task = new_task(dedup_ids=100)
    outcomes(task, LIKES, *(f"e{n}" for n in range(500)))
    assert outcomes(task, LIKES, *(f"e{n}" for n in range(450, 500))) == [DUPLICATE] * 50
    assert outcomes(task, LIKES, "e0") == [APPLIED]


def test_a_forgotten_id_counts_again() -> None:
    task = new_task()
    outcomes(task, COMMENTS, "a", "b")
    kinds = np.full(1, COMMENTS.kinds[0].number, np.int64)
    task.dedup.forget(COMMENTS.number, hash_events(ByteSlices.of([b"miot:f"]), kinds, slice_texts(["a"])))
    assert outcomes(task, COMMENTS, "a", "b") == [APPLIED, DUPLICATE]


def test_a_restored_window_knows_what_the_log_and_the_replay_say() -> None:
    task = new_task()
    process(task, LIKES, [record(n, n) for n in range(5)])
    output = publish(task)
    assert output.dedup is not None
    replay = [record(n, n) for n in range(5, 8)]
    process(task, LIKES, replay)  # in the rows, but its ids are not in the log yet
    rows = [*changelog(output), *changelog(task.poll_output(START))]
    heir = restored(rows)
    assert heir.dedup.restore([output.dedup]) == {LIKES.number: 5}
    before = fan(heir).tobytes()
    heir.observe_ids(LIKES, batch(LIKES, replay), START)
    assert fan(heir).tobytes() == before
    assert heir.applied == {LIKES.number: 8}
    found = apply(heir, LIKES, [record(10 + n, n, event_id=f"e{n}") for n in range(9)])
    assert found.events["outcome"].tolist() == [DUPLICATE] * 8 + [APPLIED]


def test_the_record_of_the_windows_says_up_to_which_offset_it_knows() -> None:
    task = new_task()
    assert publish(task).dedup is None
    process(task, LIKES, [record(4, 0)])
    first = task.poll_output(START).dedup
    assert first is not None
    process(task, COMMENTS, [record(8, 0)])
    assert task.poll_output(START + 999).dedup is None, "one a second"
    second = task.poll_output(START + 1_000).dedup
    assert second is not None
    assert new_task().dedup.restore([first, second]) == {LIKES.number: 5, COMMENTS.number: 9}
