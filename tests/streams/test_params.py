"""A brand's numbers: what contradicts itself is refused, in words, before anything is scored by it."""

import msgspec
import pytest

from schemas.events import Kind
from schemas.fan import Tier
from streams.params import Brand, Brands, Params, table

WRONG = {
    "[leave]\nfan = 11": "leave.fan must not be above enter.fan",
    "[part]\ntalk = 0.5": "part: the shares",
    "alive_churned = 0.6": "alive_churned must not be above alive_at_risk",
    "human_cv = 0.2": "regular_cv must not be above human_cv",
    "longest_silence = 2": "shortest_silence must not be above longest_silence",
    "new_churned = 29": "new_at_risk must not be above new_churned",
    "mood_raise = -0.7": "mood_shock must not be above mood_raise",
    "mood_clear = -0.4": "mood_raise must not be above mood_clear",
    "talk_half_life = 0": "Expected `float` > 0.0",
    "weigth = 3": "unknown field `weigth`",
    "[weight]\nlick = 3": "unknown field `lick`",
}


@pytest.mark.parametrize("said", WRONG)
def test_a_file_that_contradicts_itself_is_refused_with_the_reason(said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=WRONG[said].replace(".", r"\.")):
        msgspec.toml.decode(said, type=Brand)


def test_what_is_left_out_keeps_its_default() -> None:
    tuned = msgspec.toml.decode("version = 7\n[weight]\nlike = 2\n[enter]\ncore = 70", type=Brand)
    (row,) = table([tuned])
    assert (row.version, row.weight[Kind.LIKE], row.weight[Kind.COMMENT]) == (7, 2.0, 4.0)
    assert [row.enter[tier] for tier in Tier] == [0.0, 10.0, 30.0, 70.0]


def test_brands_that_nobody_named_share_one_row() -> None:
    brands = Brands({"miot": Brand(version=3)}, others=Params())
    assert (brands.code("miot"), brands.code("x"), brands.code("y")) == (1, 0, 0)
    text, stops = brands.versions
    assert (text.tobytes(), stops.tolist()) == (b"13", [0, 1, 2])
