"""The next transaction is as large as the last one's speed allows."""

import pytest

from agents.worker.batch_size import MAX_SIZE, MIN_SIZE, TARGET_S, BatchSize


def test_it_begins_small() -> None:
    assert BatchSize().limit == MIN_SIZE


@pytest.mark.parametrize(
    ("n", "seconds", "limit"),
    [
        (MAX_SIZE, TARGET_S, MAX_SIZE),
        (MAX_SIZE, 2 * TARGET_S, MAX_SIZE // 2),
        (1, 1.0, MIN_SIZE),
        (MAX_SIZE, 0.1, MAX_SIZE),
        (MAX_SIZE, 0.0, MAX_SIZE),
        (0, 0.0, MIN_SIZE),
    ],
)
def test_the_limit_follows_the_last_transaction(n: int, seconds: float, limit: int) -> None:
    size = BatchSize()
    size.observe(n, seconds)
    assert size.limit == limit
