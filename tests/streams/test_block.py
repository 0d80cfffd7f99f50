"""From records to columns: the edges of what is taken, who is ignored, and where a sentiment comes from."""

from collections.abc import Iterable

import numpy as np
import pytest

from schemas.events import LONGEST, Topic
from streams.block import Block, decode
from streams.hashes import partition_of
from streams.params import Brand, Brands, Params
from streams.partition import Partition
from streams.records.spans import Record, Records
from tests.streams.histories import BRANDS, NEVER_FUTURE, START, record

MINUTE = 60_000
STAFF = Brands({"miot": Brand(staff=("weibo:900001",))}, others=Params())


def block(topic: Topic, records: Iterable[Record], brands: Brands = BRANDS, now: int = NEVER_FUTURE) -> Block:
    return decode(Records.of(records), topic, Partition(brands).fans, now, lambda texts: np.full(len(texts), 0.25))


def test_a_clock_may_be_five_minutes_ahead_of_ours() -> None:
    events = [record(0, 0), record(1, 5 * MINUTE), record(2, 5 * MINUTE + 1), record(3, -1)]
    found = block(Topic.LIKES, events, now=START)
    assert found.events["offset"].tolist() == [0, 1, 3]
    assert [(one.offset, reason) for one, reason in found.letters()] == [
        (2, "event_time is more than 5 minutes ahead of our clock")
    ]


def test_a_record_has_64_kilobytes_at_most() -> None:
    spare = LONGEST - len(record(0, 0, more="").value or b"")
    events = [record(0, 0, more="x" * spare), record(1, 0, more="x" * (spare + 1))]
    found = block(Topic.LIKES, events)
    assert LONGEST == 64 * 1024
    assert found.events["offset"].tolist() == [0]
    assert [reason for _, reason in found.refused] == [f"value of {LONGEST + 1} bytes, more than {LONGEST}"]


@pytest.mark.parametrize("key", [None, b"", b"miot", b"miot:", b"miot:g", b"other:f", b"miot:f ", b"f:miot", b"\xff"])
def test_the_key_is_the_fans(key: bytes | None) -> None:
    found = block(Topic.LIKES, [record(0, 0)._replace(key=key)])
    assert [reason for _, reason in found.refused] == ["key is not brand_id:fan_id"]


def test_a_key_belongs_to_the_partition_that_murmur2_gives_it() -> None:
    records = [record(n, 0, fan=f"f{n}") for n in range(50)]
    fans = Partition(BRANDS, number=3, partitions=12).fans
    found = decode(Records.of(records), Topic.LIKES, fans, NEVER_FUTURE)
    home = {n for n in range(50) if partition_of(b"miot:f%d" % n, 12) == 3}
    assert set(found.events["offset"].tolist()) == home
    assert {one.offset for one, reason in found.letters() if reason == "key belongs to another partition"} == (
        set(range(50)) - home
    )


@pytest.mark.parametrize("topic", Topic)
def test_staff_never_score_and_are_not_refused(topic: Topic) -> None:
    own = [record(n, 0, fan="weibo:900001", by_fan_id="x", parent_fan_id="g") for n in range(2)]
    found = block(topic, [*own, record(2, 0, by_fan_id="x", parent_fan_id="weibo:900001")], STAFF)
    assert (found.events["offset"].tolist(), found.refused) == ([2], [])


def test_another_brand_may_have_a_fan_of_the_name_of_our_staff() -> None:
    found = block(Topic.LIKES, [record(0, 0, fan="weibo:900001", brand_id="other")], STAFF)
    assert len(found.events) == 1


def test_a_given_sentiment_wins_over_the_model() -> None:
    events = [record(0, 0, text="x"), record(1, 0, text="x", sentiment=None), record(2, 0, sentiment=0.9)]
    assert block(Topic.COMMENTS, events).events["sentiment"].tolist() == [-0.1, 0.25, 0.9]


def test_only_comments_have_a_sentiment() -> None:
    assert np.isnan(block(Topic.LIKES, [record(0, 0, sentiment=-1)]).events["sentiment"]).all()
