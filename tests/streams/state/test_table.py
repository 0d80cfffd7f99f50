"""New fans: each has its brand's feed and parameters, however brands are mixed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.params import Brand, Brands, Params
from streams.records.spans import Texts
from streams.state.index import brand_of
from streams.state.table import Table

BRANDS = Brands({"a": Brand(), "ab": Brand()}, Params())
keys = st.lists(st.tuples(st.sampled_from(["a", "ab", "b", "", "abc"]), st.integers(0, 20)), min_size=1, max_size=60)


@settings(deadline=None)  # the first call compiles
@given(st.lists(keys, min_size=1, max_size=4))
def test_a_new_fan_has_the_feed_and_the_parameters_of_its_brand(blocks: list[list[tuple[str, int]]]) -> None:
    table = Table(BRANDS, (0, 0))
    for block in blocks:
        texts = [f"{brand}:{number}".encode() for brand, number in block]
        for key, row in zip(texts, table.find(Texts.of(texts)).tolist(), strict=True):
            assert table.columns.feed[row] == table.feeds.row(brand_of(key))
            assert table.columns.code[row] == BRANDS.code(brand_of(key))
    assert len(table) == len({one for block in blocks for one in block})


def test_a_key_without_a_brand_is_not_read_beyond_its_end() -> None:
    table = Table(BRANDS, (0, 0))
    assert table.find(Texts.of([b"aa", b"aa", b"aab", b"aa:1"])).tolist() == [0, 0, 1, 2]
    assert len(table.feeds.newest) >= 1
    assert table.columns.feed[:3].tolist() == [table.feeds.row(name) for name in ("aa", "aab", "aa")]
