"""The bytes of a dedup record: golden, and refused where they are none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dedup.record import DedupRecord, GenerationState, InputDelta, decode, encode, pass_over
from streams.dedup.window import DedupWindow, LogPosition
from streams.dedup.windows import DedupWindows, begin_offset

NO_HASHES = np.zeros(0, np.int64)

GOLDEN = (
    "01" "0100"  # version, one input
    "0700000000000000" "2000000000000000" "40420f0000000000" "6400000000000000"  # position: record 7, ids before: 100
    "0500000000000000" "1c00000000000000"  # read from record 5, offset 28
    "0300" "e803000000000000" "0200000000000000"  # input 3, applied offset 1,000, generation 2
    "0a00000000000000" "0500000000000000" "1c00000000000000" "20a1070000000000" "3200000000000000" "32000000"
    "1400000000000000" "0700000000000000" "2000000000000000" "40420f0000000000" "6400000000000000" "02000000"
    "01000000" "00000000" "02000000"  # forgotten, for the previous generation, for the current one
    "ffffffffffffffff" "1100000000000000" "0000000000000080"
)  # fmt: skip
RECORD = DedupRecord(
    LogPosition(7, 32, 1_000_000, 100),
    5,
    28,
    [
        InputDelta(
            3,
            1_000,
            2,
            GenerationState(10, LogPosition(5, 28, 500_000, 50), 50),
            GenerationState(20, LogPosition(7, 32, 1_000_000, 100), 2),
            np.array([-1]),
            NO_HASHES,
            np.array([17, -(1 << 63)]),
        )
    ],
)


def test_the_bytes_of_version_1() -> None:
    assert encode(RECORD).hex() == GOLDEN
    assert encode(decode(bytes.fromhex(GOLDEN))).hex() == GOLDEN
    assert begin_offset(bytes.fromhex(GOLDEN)) == 28


def test_a_truncated_or_longer_record_is_refused() -> None:
    data = bytes.fromhex(GOLDEN)
    for size in range(len(data)):
        with pytest.raises(ValueError, match="dedup record"):
            decode(data[:size])
    with pytest.raises(ValueError, match="does not hold"):
        decode(data + b"\0")
    with pytest.raises(ValueError, match="of version 2; this program reads 1"):
        decode(b"\2" + data[1:])


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda data: b"\1" + data)))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="dedup record"):
        decode(data if data[:1] != b"\1" else data[:2] + b"\xff" + data[3:])


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        (RECORD._replace(begin_seq=8), "windows begin at record 8"),
        (RECORD._replace(begin_offset=33), "windows begin"),
        (RECORD._replace(inputs=RECORD.inputs * 2), "do not ascend"),
        (RECORD._replace(inputs=[RECORD.inputs[0]._replace(number=0)]), "generation 0"),
        (RECORD._replace(inputs=[RECORD.inputs[0]._replace(applied=-2)]), "offset -2"),
        (RECORD._replace(inputs=[RECORD.inputs[0]._replace(to_previous=np.zeros(1, np.int64))]), "empty hash"),
        (RECORD._replace(position=LogPosition(6, 32, 0, 0)), "begin later"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changed: DedupRecord, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        decode(encode(changed))


def test_what_is_passed_over_leaves_the_windows_as_they_are() -> None:
    first = DedupWindows({2: DedupWindow(100, False), 5: DedupWindow(100, False)})
    first.observe(2, np.array([11, 12], np.uint64), 1_000)
    first.observe(5, np.array([13], np.uint64), 1_000)
    log = [first.take_record({2: 40, 5: 7}, 1_000)]
    assert log[0] is not None
    log.append(pass_over(log[0], 2, 90))
    restored = DedupWindows({2: DedupWindow(100, False), 5: DedupWindow(100, False)})
    assert restored.restore([record for record in log if record is not None]) == {2: 90, 5: 7}
    assert not restored.is_truncated
    assert restored.observe(2, np.array([11, 12, 14], np.uint64), 2_000).tolist() == [True, True, False]
    assert restored.observe(5, np.array([13], np.uint64), 2_000).tolist() == [True]
    following = restored.take_record({2: 90, 5: 7}, 3_000)
    assert following is not None
    assert decode(following).position.seq == 2
