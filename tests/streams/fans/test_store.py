"""New fans: each has its brand's source and parameters, however brands are mixed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.fans.index import brand_of
from streams.fans.model import MODEL
from streams.fans.store import FanStore
from streams.wire.records import ByteSlices
from tests.streams.histories import brands

BRANDS = brands(a=MODEL.brand(), ab=MODEL.brand())
keys = st.lists(st.tuples(st.sampled_from(["a", "ab", "b", "", "abc"]), st.integers(0, 20)), min_size=1, max_size=60)


@settings(deadline=None)  # the first call compiles
@given(st.lists(keys, min_size=1, max_size=4))
def test_a_new_fan_has_the_source_and_the_parameters_of_its_brand(batches: list[list[tuple[str, int]]]) -> None:
    store = FanStore(MODEL, BRANDS, (0, 0))
    for batch in batches:
        texts = [f"{brand}:{number}".encode() for brand, number in batch]
        for key, row in zip(texts, store.find(ByteSlices.of(texts)).tolist(), strict=True):
            assert store.columns.source[row] == store.sources.row(brand_of(key))
            assert store.columns.code[row] == BRANDS.code(brand_of(key))
    assert len(store) == len({one for batch in batches for one in batch})


def test_a_key_without_a_brand_is_not_read_beyond_its_end() -> None:
    store = FanStore(MODEL, BRANDS, (0, 0))
    assert store.find(ByteSlices.of([b"aa", b"aa", b"aab", b"aa:1"])).tolist() == [0, 0, 1, 2]
    assert len(store.sources.newest) >= 1
    assert store.columns.source[:3].tolist() == [store.sources.row(name) for name in ("aa", "aab", "aa")]
