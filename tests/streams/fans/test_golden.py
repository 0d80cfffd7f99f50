"""Claims about rows written by past versions: each layout's golden file is read to the same fans forever, or refused.

A file holds changelog records of one layout as lines of hexadecimal key and value, next to what they mean.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from schemas.inputs import ATTRIBUTION, COMMENTS, INPUTS, LIKES, PURCHASES, REPOSTS
from schemas.row import i4
from streams.fans.layout import OtherVersionError
from streams.fans.model import LAYOUT, MODEL, Model
from streams.rules import RULES, churn
from streams.rules.rule import DAY
from streams.task import Task
from streams.wire.records import Record
from tests.streams.histories import advance, changelog, fan, new_task, process, publish, record, restored
from tests.streams.model import pinged
from tests.streams.model.composed import TEST_MODEL
from tests.streams.model.pings import TEST_PINGS

HERE = Path(__file__).parent / "golden"
FANS = ("f", "bot", "star", "angry", "gone")

GrownState = type(
    "GrownState", (churn.State,), {"__annotations__": churn.State.__annotations__ | {"extra": Annotated[i4, 220]}}
)
MORE_FIELDS = Model(INPUTS, tuple(replace(one, state=GrownState) if one is churn.RULE else one for one in RULES))
MORE_KINDS = Model((*INPUTS, TEST_PINGS), RULES)
MORE_RULES = Model(INPUTS, (*RULES[:-1], pinged.RULE, RULES[-1]))
GROWN = {"a field": MORE_FIELDS, "a kind": MORE_KINDS, "a rule": MORE_RULES, "a kind and a rule": TEST_MODEL}


def read(layout: int) -> list[Record]:
    """Return the changelog records of a golden file."""
    lines = (HERE / f"layout-{layout}.hex").read_text(encoding="ascii").splitlines()
    pairs = [line.split(" ") for line in lines]
    return [Record(n, 0, bytes.fromhex(key), bytes.fromhex(value)) for n, (key, value) in enumerate(pairs)]


def fixed_history() -> list[Record]:
    """Return the changelog of a few fans with every kind of event, a suspect, a flag of each kind, and churn."""
    task = new_task()
    process(task, LIKES, [record(n, n * DAY + n * n * 60_000, fan="gone") for n in range(9)])
    process(task, LIKES, [record(100 + n, n * 600_000, fan="bot") for n in range(30)])
    process(task, REPOSTS, [record(n, n * n * 3_600_000, parent_fan_id="star", incentivized=n < 2) for n in range(5)])
    process(task, ATTRIBUTION, [record(n, n * DAY, fan="star", by_fan_id="f") for n in range(5)])
    process(task, COMMENTS, [record(n, n * n * DAY, fan="angry", sentiment=-0.7, type="review") for n in range(4)])
    process(task, PURCHASES, [record(n, n * DAY, type=("purchase", "refund")[n % 3 == 2]) for n in range(50)])
    process(task, LIKES, [record(200 + n, 49 * DAY + n, type="unlike") for n in range(3)])
    advance(task, 49 * DAY + DAY // 2)
    return [one for one in changelog(publish(task)) if one.key != b"applied-offsets"]


def meaning(task: Task) -> dict[str, dict[str, Any]]:
    """Return the fields of each fan."""
    rows, names = task.fans.columns.rows, MODEL.dtype.names or ()
    keys = task.fans.index.keys(np.arange(len(task.fans)))
    return {key.decode(): {name: rows[name][i].tolist() for name in names} for i, key in enumerate(keys)}


def assert_as_written(task: Task) -> None:
    """Claim that each fan has the fields of the golden file, and zeros in those that it does not have yet."""
    golden = json.loads((HERE / f"layout-{LAYOUT}.json").read_text(encoding="ascii"))
    found = meaning(task)
    assert found.keys() == golden.keys()
    for fan_key, fields in golden.items():
        assert {name: found[fan_key][name] for name in fields} == fields
        assert not any(value for name, value in found[fan_key].items() if name not in fields)


def test_rows_are_read_as_they_were_meant() -> None:
    task = restored(read(LAYOUT))
    assert_as_written(task)
    assert {key.split(":")[1] for key in meaning(task)} == set(FANS)


def test_the_same_history_gives_the_same_rows() -> None:
    golden = read(LAYOUT)
    for written, kept in zip(fixed_history(), golden, strict=True):
        assert written.key == kept.key
        size = len(kept.value or b"")  # a row that has grown since begins with the fields of then
        padded = [(one.value or b"")[:size].ljust(MODEL.dtype.itemsize, b"\0") for one in (written, kept)]
        now, then = (np.frombuffer(value, MODEL.dtype) for value in padded)
        for name in MODEL.dtype.names or ():
            if now[name].dtype.kind == "f":  # the C library may round the last bit its own way
                np.testing.assert_allclose(now[name], then[name], rtol=1e-6, err_msg=name)
            else:
                assert np.array_equal(now[name], then[name]), name


@pytest.mark.parametrize("more", GROWN)
def test_old_rows_grow_at_their_end(more: str) -> None:
    model = GROWN[more]
    task = restored(read(LAYOUT), model=model)
    assert model.dtype.itemsize > MODEL.dtype.itemsize
    assert_as_written(task)
    for name in set(model.dtype.names or ()) - set(MODEL.dtype.names or ()):
        assert not task.fans.columns.rows[name][: len(task.fans)].any(), name
    assert fan(task).tobytes()[: MODEL.dtype.itemsize] == fan(restored(read(LAYOUT))).tobytes()


@pytest.mark.parametrize("more", GROWN)
def test_rows_of_a_newer_version_are_refused_with_what_to_do(more: str) -> None:
    grown = restored(read(LAYOUT), model=GROWN[more])
    grown.fans.mark_changed(0)
    with pytest.raises(OtherVersionError, match="upgrade this worker"):
        restored(changelog(publish(grown)))


def test_rows_of_a_later_layout_are_refused_with_what_to_do() -> None:
    (first, *_) = read(LAYOUT)
    later = first._replace(value=bytes([LAYOUT + 1]) + (first.value or b"")[1:])
    with pytest.raises(OtherVersionError, match=f"layout {LAYOUT + 1}.*upgrade this worker"):
        restored([later])


def test_rows_of_layout_1_are_refused_with_the_way_out() -> None:
    with pytest.raises(OtherVersionError, match=r"layout 1, which held .* start with another FANPULSE_GROUP"):
        restored(read(1))


@pytest.mark.parametrize("size", [0, 2, 3, -2])
def test_a_value_that_ends_within_a_field_is_no_row(size: int) -> None:
    (first, *_) = read(LAYOUT)
    value = (first.value or b"")[:size]
    with pytest.raises(ValueError, match=f"{len(value)} bytes is no row" if value else "is empty"):
        restored([first._replace(value=value)])
