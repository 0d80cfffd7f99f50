"""The watermark of silence: it goes on while events come, and no further than what they allow."""

import numpy as np
import pytest

from streams.fans.sources import Sources
from streams.rules.rule import EVENT

MINUTE, HOUR = 60_000, 3_600_000
NOW = 20_000 * 24 * HOUR


def observe(sources: Sources, brand: str, *at: int) -> None:
    """Let events of a brand come."""
    events = np.zeros(len(at), EVENT)
    events["at"] = at
    sources.observe(np.array([sources.row(brand)], np.int32), events)


def fed(every: int, until: int = NOW, n: int = 2_000) -> Sources:
    """Return the source of a brand with an event every so many ms, the newest at ``until``."""
    sources = Sources()
    for batch in np.arange(n)[::-1].reshape(-1, 10):
        observe(sources, "miot", *(until - batch * every).tolist())
    sources.clock(until, {})  # caught up: it is present
    return sources


def clock(sources: Sources, now: int, lag: dict[int, int] | None = None) -> int:
    return int(sources.clock(now, lag or {})[sources.row("miot")])


@pytest.mark.parametrize(
    ("every", "allowed"), [(1_000, 15 * MINUTE), (44_000, 15 * MINUTE), (6 * MINUTE, 2 * HOUR), (3 * HOUR, 60 * HOUR)]
)
def test_a_source_may_be_quiet_for_a_quarter_of_an_hour_or_twenty_usual_gaps(every: int, allowed: int) -> None:
    sources = fed(every)
    assert clock(sources, NOW + int(allowed * 0.98)) == NOW + int(allowed * 0.98)
    assert not sources.is_stale("miot", NOW + allowed * 0.98)
    assert clock(sources, NOW + int(allowed * 1.02)) == NOW
    assert sources.is_stale("miot", NOW + allowed * 1.02)


def test_a_late_source_is_followed_event_by_event_until_it_is_of_the_present() -> None:
    sources = fed(1_000)
    later = NOW + 2 * HOUR
    assert clock(sources, later) == NOW
    for ago, shown in ((HOUR, later - HOUR), (61_000, later - 61_000), (59_000, later)):
        observe(sources, "miot", later - ago)
        assert clock(sources, later) == shown, ago


def test_a_source_just_restored_is_idle_until_something_comes() -> None:
    sources = Sources()
    row = sources.row("miot")
    sources.newest[row] = NOW - 5 * MINUTE  # what the rows know
    assert clock(sources, NOW) == NOW - 5 * MINUTE


def test_one_dead_brand_does_not_hold_another() -> None:
    sources = fed(1_000)
    observe(sources, "other", NOW - 9 * HOUR)
    assert sources.clock(NOW, {})[: len(sources.rows)].tolist() == [NOW, NOW - 9 * HOUR]


def test_inputs_that_lag_hold_the_clock_at_the_oldest_of_what_was_read_of_them() -> None:
    sources = fed(1_000)
    assert clock(sources, NOW, {0: NOW - HOUR, 2: NOW - 3 * HOUR}) == NOW - 3 * HOUR
    assert clock(sources, NOW, {1: 0}) == 0, "nothing was read of it yet"
