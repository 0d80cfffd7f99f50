"""Claims about the kernel that writes scores: what it writes is what the contract and the rules say."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Topic
from schemas.outputs import FanScore, Parts
from streams.offline.replay import views
from streams.partition import Partition
from streams.records.scores import json_scores, put_fixed, put_int
from tests.streams.histories import BRANDS, START, daily, fan, fold, record

read = msgspec.json.Decoder(FanScore).decode


def written(partition: Partition) -> list[FanScore]:
    fans = partition.fans
    texts = json_scores(fans.columns, np.arange(len(fans)), fans.brands, fans.index)
    return [read(texts.at(i)) for i in range(len(fans))]


def test_a_record_says_what_the_row_says() -> None:
    partition = Partition(BRANDS)
    fold(partition, Topic.LIKES, daily(Topic.LIKES, 9, a_day=3))
    fold(partition, Topic.COMMENTS, daily(Topic.COMMENTS, 4, sentiment=-0.25))
    fold(partition, Topic.CREDITS, [record(0, 5, by_fan_id="g")])
    said, row = written(partition)[0], fan(partition)
    view = views(partition.fans.columns, np.arange(1), BRANDS.rows)[0]
    assert (said.schema, said.brand_id, said.fan_id, said.model_version) == (1, "miot", "f", "1")
    assert said.score == pytest.approx(row.score, abs=0.0051)
    for name in Parts.__struct_fields__:
        assert getattr(said.parts, name) == pytest.approx(view[name], abs=0.00051)
    assert (said.counts.like, said.counts.comment, said.counts.repost) == (27, 4, 0)
    assert (said.sentiment.n, said.sentiment.mean) == (4, pytest.approx(-0.25, abs=0.001))
    assert (said.first_seen, said.last_seen) == (row.first_seen, row.last_seen)
    assert (said.as_of, said.seq) == (row.as_of, row.seq)
    assert said.churn_risk == pytest.approx(view["churn_risk"], abs=0.000051)
    assert (said.tier, said.lifecycle, said.flags) == ("fan", "active", [])
    assert said.last_seen > START


@settings(deadline=None)  # the first call compiles
@given(st.text(min_size=1, max_size=64).filter(lambda name: name.encode("utf-8", "replace").decode() == name))
def test_any_fan_id_comes_back_as_it_was(name: str) -> None:
    partition = Partition(BRANDS)
    fold(partition, Topic.LIKES, [record(0, 0, fan=name)])
    assert written(partition)[0].fan_id == name


@settings(deadline=None)  # the first call compiles
@given(st.integers(-(10**15), 10**15), st.floats(-1000, 1000), st.integers(1, 4))
def test_numbers_are_written_as_json_reads_them(n: int, x: float, decimals: int) -> None:
    out = np.zeros(64, np.uint8)
    assert int(out[: put_int(out, 0, n)].tobytes()) == n
    assert float(out[: put_fixed(out, 0, x, decimals)].tobytes()) == pytest.approx(x, abs=0.51 / 10**decimals)
