"""The feed's clock: it goes on while events come, and no further than what they allow."""

import numpy as np
import pytest

from streams.columns import EVENT
from streams.state.feeds import Feeds

MINUTE, HOUR = 60_000, 3_600_000
NOW = 20_000 * 24 * HOUR


def come(feeds: Feeds, brand: str, *at: int) -> None:
    """Let events of a brand come."""
    events = np.zeros(len(at), EVENT)
    events["at"] = at
    feeds.see(np.array([feeds.row(brand)], np.int32), events)


def fed(every: int, until: int = NOW, n: int = 2_000) -> Feeds:
    """Return the feed of a brand with an event every so many ms, the newest at ``until``."""
    feeds = Feeds()
    for block in np.arange(n)[::-1].reshape(-1, 10):
        come(feeds, "miot", *(until - block * every).tolist())
    feeds.clock(until, {})  # caught up: it is present
    return feeds


def clock(feeds: Feeds, now: int, behind: dict[int, int] | None = None) -> int:
    return int(feeds.clock(now, behind or {})[feeds.row("miot")])


@pytest.mark.parametrize(
    ("every", "patience"), [(1_000, 15 * MINUTE), (44_000, 15 * MINUTE), (6 * MINUTE, 2 * HOUR), (3 * HOUR, 60 * HOUR)]
)
def test_a_feed_may_be_quiet_for_a_quarter_of_an_hour_or_twenty_usual_gaps(every: int, patience: int) -> None:
    feeds = fed(every)
    assert clock(feeds, NOW + int(patience * 0.98)) == NOW + int(patience * 0.98)
    assert not feeds.is_stale("miot", NOW + patience * 0.98)
    assert clock(feeds, NOW + int(patience * 1.02)) == NOW
    assert feeds.is_stale("miot", NOW + patience * 1.02)


def test_a_late_feed_is_followed_event_by_event_until_it_is_of_the_present() -> None:
    feeds = fed(1_000)
    later = NOW + 2 * HOUR
    assert clock(feeds, later) == NOW
    for ago, shown in ((HOUR, later - HOUR), (61_000, later - 61_000), (59_000, later)):
        come(feeds, "miot", later - ago)
        assert clock(feeds, later) == shown, ago


def test_a_feed_just_taken_over_is_late_until_something_comes() -> None:
    feeds = Feeds()
    row = feeds.row("miot")
    feeds.newest[row] = NOW - 5 * MINUTE  # what the rows know
    assert clock(feeds, NOW) == NOW - 5 * MINUTE


def test_one_dead_brand_does_not_hold_another() -> None:
    feeds = fed(1_000)
    come(feeds, "other", NOW - 9 * HOUR)
    assert feeds.clock(NOW, {})[: len(feeds.rows)].tolist() == [NOW, NOW - 9 * HOUR]


def test_inputs_that_lag_hold_the_clock_at_the_oldest_of_what_was_read_of_them() -> None:
    feeds = fed(1_000)
    assert clock(feeds, NOW, {0: NOW - HOUR, 2: NOW - 3 * HOUR}) == NOW - 3 * HOUR
    assert clock(feeds, NOW, {1: 0}) == 0, "nothing was read of it yet"
