"""The bytes of what aiokafka lacks: a fenced offset commit and a static member's heartbeat, as Kafka defines them."""

from types import SimpleNamespace

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from agents.transport.fenced import FencedOffsets, TxnOffsetCommitRequest3, TxnOffsetCommitResponse3
from agents.transport.group_metadata import GroupMetadata, HeartbeatRequest3, StaticHeartbeat

WHO = GroupMetadata("g", 7, "m-1", "i")
# KIP-482: compact strings and arrays carry their length plus one, a tag section of none is one zero byte.
COMMIT = bytes.fromhex(
    "03 7478" "02 67" "0000000000000005" "0002" "00000007" "04 6d2d31" "02 69"
    "02" "06 6c696b6573" "02" "00000003" "000000000000002a" "ffffffff" "03 703d" "00" "00" "00"
)  # fmt: skip


def test_a_fenced_commit_is_what_kafka_reads() -> None:
    manager = SimpleNamespace(transactional_id="tx", producer_id=5, producer_epoch=2)
    offsets = {TopicPartition("likes", 3): OffsetAndMetadata(42, "p=")}
    assert FencedOffsets(manager, WHO, offsets).build(TxnOffsetCommitRequest3).encode() == COMMIT


def test_an_answer_to_a_fenced_commit_is_read() -> None:
    raw = bytes.fromhex("000000000206 6c696b657302000000030016000000")
    answer = TxnOffsetCommitResponse3.decode(raw)
    ((topic, partitions, _),) = answer.errors
    assert (topic, [code for _, code, _ in partitions]) == ("likes", [22])


def test_a_static_heartbeat_says_who_beats() -> None:
    raw = StaticHeartbeat(WHO).build(HeartbeatRequest3).encode()
    assert raw == bytes.fromhex("0001 67000000070003 6d2d310001 69")
