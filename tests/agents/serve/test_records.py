"""Claims about batches: what is kept of records as they were read."""

from typing import NamedTuple

import msgspec
import pytest

from agents.serve.records import OutputBatch
from schemas.outputs.records import FanFlag, FanScore
from tests.agents.serve.outputs import flag, score

encode = msgspec.json.encode


class Read(NamedTuple):
    key: bytes | None
    value: bytes | None
    timestamp: int = 1_732_180_000_500


def read(*records: FanScore | FanFlag) -> list[Read]:
    return [Read(f"{record.brand_id}:{record.fan_id}".encode(), encode(record)) for record in records]


def test_the_newest_of_a_fan_is_kept_byte_for_byte_and_the_others_are_stale() -> None:
    batch, records = OutputBatch(), read(score("a", 3), score("a", 5), score("a", 5), score("a", 4), score("b", 1))
    batch.add_scores(records)
    assert {fan: kept.raw for fan, kept in batch.scores.items()} == {
        ("miot", "a"): records[1].value,
        ("miot", "b"): records[4].value,
    }
    assert batch.stale == 2


def test_a_fan_of_one_brand_is_not_the_fan_of_another() -> None:
    batch = OutputBatch()
    batch.add_scores(read(score("weibo:1", 3), score("weibo:1", 2, brand="lumen")))
    assert set(batch.scores) == {("miot", "weibo:1"), ("lumen", "weibo:1")}


def test_a_tombstone_erases_and_later_records_count_whatever_their_seq() -> None:
    batch = OutputBatch()
    batch.add_scores([*read(score("a", 9)), Read(b"miot:a", None)])
    assert batch.scores["miot", "a"][0] is None
    batch.add_scores(read(score("a", 1)))
    kept = batch.scores["miot", "a"]
    assert kept.record is not None
    assert (kept.record.seq, kept.erased) == (1, True)


@pytest.mark.parametrize(
    "record",
    [
        Read(None, encode(score("a"))),
        Read(b"miot", encode(score("a"))),
        Read(b"miot:b", encode(score("a"))),
        Read(b"miot:\xff", encode(score("a"))),
        Read(b"miot:a", b"{"),
        Read(b"miot:a", b""),
        Read(b"miot:a", b'{"seq": 3}'),
        Read(b"miot:a", b"[" * 10_000),
        Read(b"miot:a", encode(score("a")).replace(b"42.37", b"1e999")),
        Read(b"miot:a", encode(score("a")).replace(b'"seq":1', b'"seq":"1"')),
    ],
)
def test_an_unreadable_record_is_counted_and_its_neighbours_are_kept(record: Read) -> None:
    batch = OutputBatch()
    batch.add_scores([record, *read(score("c"))])
    batch.add_flags([record, *read(flag("c", "f1", "tier", "core"))])
    assert batch.unreadable == 2
    assert list(batch.scores) == [("miot", "c")]
    assert list(batch.flags) == [("miot", "f1:core")]


def test_a_transition_counts_once_and_its_states_are_different_transitions() -> None:
    batch = OutputBatch()
    raised, cleared = flag("a", "f1", "negative", "raised"), flag("a", "f1", "negative", "cleared")
    batch.add_flags(read(raised, raised, cleared))
    assert list(batch.flags) == [("miot", "f1:raised"), ("miot", "f1:cleared")]
    assert batch.stale == 1


def test_a_newer_worker_may_add_fields() -> None:
    batch = OutputBatch()
    raw = encode(score("a")).replace(b'"schema":1', b'"schema":2,"worth":7')
    batch.add_scores([Read(b"miot:a", raw)])
    assert batch.scores["miot", "a"].raw == raw
