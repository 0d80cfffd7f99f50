"""Claims about what a transaction writes."""

from aiokafka import TopicPartition

from agents.transport.transaction import OutputRecord, TransactionBatch
from streams.wire.records import ByteSlices


def test_columns_without_rows_write_to_no_partition() -> None:
    batch = TransactionBatch(0)
    batch.pack("fan-scores", 0, [(ByteSlices.of([]), ByteSlices.of([]))])
    assert not batch
    assert not batch.packed


def test_records_are_counted_by_topic() -> None:
    batch = TransactionBatch(0)
    batch.pack("fan-scores", 0, [(ByteSlices.of([b"k", b"l"]), ByteSlices.of([b"v", b"w"]))])
    batch.add("clock", 1, OutputRecord(None, b"{}"))
    assert dict(batch.count()) == {"fan-scores": 2, "clock": 1}
    assert set(batch.single) == {TopicPartition("clock", 1)}
