"""A brand's numbers: what contradicts itself is refused, in words, before anything is scored by it."""

import msgspec
import pytest

from schemas.inputs import COMMENTS, LIKES
from streams.fans.model import MODEL
from streams.fans.params import table
from streams.rules.tier import Tier
from tests.streams.histories import brands

LIKE, COMMENT = LIKES.kinds[0].number, COMMENTS.kinds[0].number
WRONG = {
    "[enter]\nfan = 31\n[leave]\nfan = 1": "enter.fan must not be above enter.active",
    "talk_half_life = inf": "talk_half_life must be a finite number",
    "[weight]\nlike = nan": "weight must be a finite number",
    "[leave]\nfan = 11": "leave.fan must not be above enter.fan",
    "[part_weight]\ntalk = 0.5": "part_weight: talk, share and influence",
    "alive_churned = 0.6": "alive_churned must not be above alive_at_risk",
    "human_cv = 0.2": "regular_cv must not be above human_cv",
    "longest_silence = 2": "shortest_silence must not be above longest_silence",
    "new_churned = 29": "new_at_risk must not be above new_churned",
    "negative_mean = -0.7": "negative_comment must not be above negative_mean",
    "negative_clear = -0.4": "negative_mean must not be above negative_clear",
    "talk_half_life = 0": "Expected `float` > 0.0",
    "weigth = 3": "unknown field `weigth`",
    "[weight]\nlick = 3": "unknown field `lick`",
}


@pytest.mark.parametrize("result", WRONG)
def test_a_file_that_contradicts_itself_is_refused_with_the_reason(result: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=WRONG[result].replace(".", r"\.")):
        msgspec.toml.decode(result, type=MODEL.brand)


def test_what_is_left_out_keeps_its_default() -> None:
    tuned = msgspec.toml.decode("version = 7\n[weight]\nlike = 2\n[enter]\ncore = 70", type=MODEL.brand)
    (row,) = table(MODEL.params_dtype, MODEL.kinds, [tuned])
    assert (row.version, row.weight[LIKE], row.weight[COMMENT]) == (7, 2.0, 4.0)
    assert [row.enter[tier] for tier in Tier] == [0.0, 10.0, 30.0, 70.0]


def test_brands_that_nobody_named_share_one_row() -> None:
    found = brands(miot=MODEL.brand(version=3))
    assert (found.code("miot"), found.code("x"), found.code("y")) == (1, 0, 0)
    assert (found.versions, found.names) == (["1", "3"], ["other", "miot"])
