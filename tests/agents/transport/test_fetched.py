"""What is fetched and not applied has an age: that of its first record."""

from faust.types import TP

from agents.transport.fetched import Fetched
from agents.transport.fetching import NOTHING, FetchedBatch
from streams.wire.records import Record, Records

LIKES, COMMENTS = TP("likes", 0), TP("comments", 0)


def batch(offset: int, *timestamps: int) -> FetchedBatch:
    records = [Record(offset + i, at, b"k", b"v") for i, at in enumerate(timestamps)]
    return FetchedBatch(offset, offset + len(records), Records.of(records))


def test_the_oldest_is_the_first_record_of_the_first_batch_that_is_not_applied() -> None:
    fetched = Fetched()
    fetched.add(LIKES, batch(0, 100, 110))
    fetched.add(LIKES, batch(2, 120))
    assert [fetched.oldest(LIKES, applied) for applied in (0, 2, 3)] == [100, 120, None]
    assert fetched.oldest(COMMENTS, 0) is None


def test_what_is_applied_is_forgotten_and_the_rest_at_a_rebalance() -> None:
    fetched = Fetched()
    fetched.add(LIKES, batch(0, 100))
    fetched.add(LIKES, batch(1, 120))
    fetched.drop_applied({LIKES: 1, COMMENTS: 7})
    assert fetched.oldest(LIKES, 0) == 120
    fetched.clear()
    assert fetched.oldest(LIKES, 0) is None


def test_batches_without_records_have_no_age() -> None:
    fetched = Fetched()
    fetched.add(LIKES, FetchedBatch(0, 5, NOTHING))  # markers of transactions
    assert fetched.oldest(LIKES, 0) is None
