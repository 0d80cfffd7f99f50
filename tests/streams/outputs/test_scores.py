"""Claims about the kernel that writes scores: what it writes is what the contract and the rules say."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.inputs import ATTRIBUTION, COMMENTS, LIKES
from schemas.outputs.records import FanScore, Parts
from streams.fans.params import default_row
from streams.outputs.json_text import put_fixed, put_int
from streams.outputs.scores import json_scores
from streams.rules.authenticity import authenticity_of
from streams.rules.churn import churn_risk
from streams.rules.score import log_reach, relevance, saturation
from streams.task import Task
from tests.streams.histories import START, daily, fan, new_task, process, record

read = msgspec.json.Decoder(FanScore).decode


def written(task: Task) -> list[FanScore]:
    fans = task.fans
    texts = json_scores(task.model, fans.columns, np.arange(len(fans)), fans.brands, fans.index)
    return [read(texts.at(i)) for i in range(len(fans))]


def test_a_record_says_what_the_row_says() -> None:
    task, p = new_task(), default_row()
    process(task, LIKES, daily(9, a_day=3))
    process(task, COMMENTS, daily(4, sentiment=-0.25))
    process(task, ATTRIBUTION, [record(0, 5, by_fan_id="g")])
    found, row = written(task)[0], fan(task)
    assert (found.schema, found.brand_id, found.fan_id, found.model_version) == (1, "miot", "f", "1")
    assert found.score == pytest.approx(row.score, abs=0.0051)
    parts = Parts(
        talk=saturation(row.talk, p.half_saturation),
        share=saturation(row.share, p.half_saturation),
        influence=log_reach(row.influence),
        relevance=relevance(row.organic_weight, row.total_weight),
        authenticity=authenticity_of(row, p),
    )
    for name in Parts.__struct_fields__:
        assert getattr(found.parts, name) == pytest.approx(getattr(parts, name), abs=0.00051), name
    assert found.counts == {"like": 27, "comment": 4}
    assert found.sentiment.n == 4
    assert found.sentiment.mean == pytest.approx(-0.25, abs=0.001)
    assert (found.first_seen, found.last_seen) == (row.first_seen, row.last_seen)
    assert (found.as_of, found.seq) == (row.as_of, row.seq)
    assert found.churn_risk == pytest.approx(churn_risk(row.activity), abs=0.000051)
    assert (found.tier, found.lifecycle, found.flags) == ("fan", "active", [])
    assert found.last_seen > START


@settings(deadline=None)  # the first call compiles
@given(st.text(min_size=1, max_size=64).filter(lambda name: name.encode("utf-8", "replace").decode() == name))
def test_any_fan_id_comes_back_as_it_was(name: str) -> None:
    task = new_task()
    process(task, LIKES, [record(0, 0, fan=name)])
    assert written(task)[0].fan_id == name


@settings(deadline=None)  # the first call compiles
@given(st.integers(-(10**15), 10**15), st.floats(-1000, 1000), st.integers(1, 4))
def test_numbers_are_written_as_json_reads_them(n: int, x: float, decimals: int) -> None:
    out = np.zeros(64, np.uint8)
    assert int(out[: put_int(out, 0, n)].tobytes()) == n
    assert float(out[: put_fixed(out, 0, x, decimals)].tobytes()) == pytest.approx(x, abs=0.51 / 10**decimals)
