"""Claims about record batches: what the kernels write aiokafka reads, and what aiokafka writes the kernels read."""

import numpy as np
import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.transport.record_batch import BATCH_HEADER, BatchHeader, PackedBatch
from streams.wire.pack import MAX_FRAME_BYTES, pack
from streams.wire.records import ByteSlices, Records, read_batch

texts = st.lists(st.tuples(st.binary(max_size=300), st.none() | st.binary(max_size=9000)), min_size=1, max_size=90)
some = st.lists(
    st.tuples(
        st.integers(0, 1 << 40), st.none() | st.binary(max_size=200), st.none() | st.binary(max_size=200), st.booleans()
    ),
    min_size=1,
    max_size=90,
)


def build(records: list[tuple[int, bytes | None, bytes | None, bool]]) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for n, (at, key, value, has_headers) in enumerate(records):
        headers = [("trace", b"x" * 70), ("", None)] if has_headers else []
        builder.append(n, timestamp=at, key=key, value=value, headers=headers)
    return bytes(builder.build())


def unpack(raw: bytes, stop: int | None = None) -> Records | None:
    batch = BatchHeader(0, *BATCH_HEADER.unpack_from(raw))
    data, slices = np.frombuffer(raw, np.uint8), np.empty((6, batch.n), np.int64)
    base = (batch.base_offset, batch.first_timestamp)
    is_whole = read_batch(data, BATCH_HEADER.size, batch.stop if stop is None else stop, base, -1, slices, 0, batch.n)
    return Records(data, slices) if is_whole else None


@settings(deadline=None)  # the first call compiles
@given(some)
def test_what_aiokafka_writes_is_read(records: list[tuple[int, bytes | None, bytes | None, bool]]) -> None:
    found = unpack(build(records))
    assert found is not None
    assert [(one.offset, one.timestamp, one.key, one.value) for one in found] == [
        (n, at, key, value) for n, (at, key, value, _) in enumerate(records)
    ]


@settings(deadline=None)
@given(some, st.data())
def test_a_batch_that_is_torn_or_bent_is_never_read_beyond_its_end(
    records: list[tuple[int, bytes | None, bytes | None, bool]], data: st.DataObject
) -> None:
    raw = bytearray(build(records))
    assert unpack(bytes(raw), stop=len(raw) - 1) is None
    raw[data.draw(st.integers(BATCH_HEADER.size, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    found = unpack(bytes(raw))
    assert found is None or found.slices[3:].max() <= len(raw)


columns = st.lists(texts, min_size=1, max_size=3)


@settings(deadline=None)
@given(columns, st.integers(10_000, 40_000))
def test_what_is_packed_aiokafka_reads(parts: list[list[tuple[bytes, bytes | None]]], most: int) -> None:
    written = [(ByteSlices.of([key for key, _ in part]), ByteSlices.of([value for _, value in part])) for part in parts]
    found: list[tuple[int, int, bytes | None, bytes | None]] = []
    for count, data in pack(written, most, BATCH_HEADER.size):
        assert len(data) <= most
        packed = PackedBatch(count, data, now_ms=1_700_000_000_000)
        packed._set_producer_state(7, 3, 11)
        raw = packed._build()
        assert (packed.record_count(), packed.size()) == (count, len(raw))
        batch = DefaultRecordBatch(raw)
        assert batch.validate_crc()
        assert (batch.is_transactional, batch.producer_id, batch.next_offset) == (True, 7, count)
        found += [(one.offset, one.timestamp, one.key, one.value) for one in batch]
    assert [(key, value) for _, _, key, value in found] == [pair for part in parts for pair in part]
    assert {at for _, at, _, _ in found} == {1_700_000_000_000}


def test_a_record_that_fits_no_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="a record of 1000 bytes"):
        list(pack([(ByteSlices.of([b"k"]), ByteSlices.of([b"v" * 1000]))], 1000 + MAX_FRAME_BYTES))
