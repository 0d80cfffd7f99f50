"""The room for a record is computed from what a model publishes: no row and no transition writes beyond it."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from schemas.inputs import LIKES
from schemas.row import Rows
from streams.fans.composed import load
from streams.fans.model import MODEL, Model
from streams.outputs.flags import FlagTexts, json_flags
from streams.outputs.json_text import MAX_ESCAPED
from streams.outputs.scores import json_scores
from streams.rules.rule import TRANSITION
from streams.task import Task
from tests.streams.histories import brands, new_task, process, record
from tests.streams.model.composed import TEST_MODEL

NAME = "\x01" * 64  # each byte is written as six
VERSION = (1 << 31) - 1


def extremes(dtype: "np.dtype[np.void]") -> Iterator[Rows]:
    """Yield rows whose numbers are all at one end of their range, or not numbers."""
    for floating, whole in ((1e300, "max"), (-1e300, "min"), (np.inf, "max"), (-np.inf, "min"), (np.nan, "min")):
        row = np.zeros(1, dtype)
        for name in dtype.names or ():
            kind = row[name].dtype
            with np.errstate(over="ignore"):
                row[name] = floating if kind.kind == "f" else getattr(np.iinfo(kind), whole)
        yield row


def hostile_task(model: Model) -> Task:
    task = new_task(model, brands(model, x=model.brand(), others=model.params(version=VERSION)))
    process(task, LIKES, [record(0, 0, fan=NAME, brand_id=NAME)])
    return task


@pytest.mark.parametrize("model", [MODEL, TEST_MODEL], ids=["production", "test"])
def test_no_row_makes_a_score_longer_than_computed(model: Model) -> None:
    task = hostile_task(model)
    fans, longest = task.fans, load("streams.outputs.scores", model).WRITER.max_bytes
    longest += MAX_ESCAPED * (2 * len(NAME) + 1)
    for row in extremes(model.dtype):
        fans.columns.rows[:1] = row
        for flags in range(1 << 8):  # what a rule takes for a state may be any byte
            for name in ("tier", "lifecycle", "is_negative", "suspect"):
                fans.columns.rows[name][0] = flags
            with np.errstate(all="ignore"):
                texts = json_scores(model, fans.columns, np.zeros(1, np.int64), fans.brands, fans.index)
            assert 0 < texts.stop[0] <= longest


def test_no_transition_makes_a_flag_longer_than_computed() -> None:
    task = hostile_task(MODEL)
    ids = b"\x02" * 64, b"\x03" * 64
    longest = FlagTexts.of(MODEL.flag_specs).max_bytes() + MAX_ESCAPED * (4 * 64 + 1)
    for transition in extremes(TRANSITION):
        transition["row"], transition["event"] = 0, 0
        for spec in MODEL.flag_specs:
            transition["flag"] = spec.number
            with np.errstate(all="ignore"):
                texts = json_flags(
                    MODEL.flag_specs, task.fans.columns.code, transition, [ids], task.brands, task.fans.index
                )
            assert 0 < texts.stop[0] <= longest


def test_the_widest_valid_score_is_near_the_bound() -> None:
    task = hostile_task(MODEL)
    rows = task.fans.columns.rows
    for kind in MODEL.kinds:
        rows[f"count_{kind.name}"][0] = (1 << 31) - 1
    rows["lifecycle"][0], rows["is_negative"][0], rows["tier"][0] = 2, 1, 3
    texts = json_scores(MODEL, task.fans.columns, np.zeros(1, np.int64), task.brands, task.fans.index)
    assert len(msgspec.json.decode(texts.at(0))["flags"]) == 2
    longest = load("streams.outputs.scores", MODEL).WRITER.max_bytes + MAX_ESCAPED * (2 * len(NAME) + 1)
    assert longest / 2 < texts.stop[0] <= longest
