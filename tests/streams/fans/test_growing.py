from pathlib import Path

import numpy as np
import pytest

from agents.worker.memory import Buffers
from streams.fans.growing import GROWTH_ROWS, grow, growing
from streams.fans.index import Index
from streams.wire.records import ByteSlices
from tests.needed import need

MAPS = Path("/proc/self/maps")


def test_a_column_keeps_what_it_has_and_gets_zeros() -> None:
    column = growing(np.int32)
    assert len(column) == 0
    grow(column, 3)
    column[:3] = 1, 2, 3
    grow(column, 10 * GROWTH_ROWS + 1)
    assert len(column) == 11 * GROWTH_ROWS
    assert column[:3].tolist() == [1, 2, 3]
    assert not column[3:].any()
    grow(column, 5)
    assert len(column) == 11 * GROWTH_ROWS


def test_a_column_is_not_in_the_heap_even_where_the_c_library_keeps_large_buffers_there() -> None:
    need(MAPS.exists(), "maps of /proc")
    buffers = Buffers()
    buffers.keep(in_heap=True)
    try:
        column = growing(np.uint8)
        for size in (1, 1 << 18, 1 << 22):
            grow(column, size)
            assert "[heap]" not in _map_of(column.ctypes.data), size
    finally:
        buffers.keep(in_heap=False)


def _map_of(address: int) -> str:
    for line in MAPS.read_text().splitlines():
        start, _, stop = line.split()[0].partition("-")
        if int(start, 16) <= address < int(stop, 16):
            return line
    raise LookupError(address)


def test_more_keys_than_places_can_name_are_refused_before_anything_is_written() -> None:
    index = Index((0, 0))
    index.find(ByteSlices.of([b"miot:1"]))
    index.ends[1] = np.iinfo(np.int32).max - 3
    with pytest.raises(OverflowError, match="more partitions"):
        index.find(ByteSlices.of([b"miot:2"]))
    assert len(index) == 1
