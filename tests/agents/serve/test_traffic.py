"""Claims about rates, lag and latency, all computed from offsets alone."""

import pytest
from aiokafka import TopicPartition

from agents.serve.traffic import (
    HISTORY_S,
    LONG_WAIT_S,
    MAX_PARTITIONS,
    WINDOW_S,
    LatencyPercentiles,
    LatencySampler,
    RateSampler,
    choose_partitions,
)

LIKES, REPOSTS, COMMENTS, PURCHASES = (
    [TopicPartition(f"eu-{name}", n) for n in range(2)] for name in ("likes", "reposts", "comments", "purchases")
)
EVERY = [*LIKES, *REPOSTS, *COMMENTS, *PURCHASES]
TOPICS = {f"eu-{name}": name for name in ("likes", "reposts", "comments", "purchases")}
A, B = LIKES
NONE = dict.fromkeys(EVERY, 0)


def within(latency: LatencyPercentiles | None) -> tuple[float, float]:
    """Return p50 and p95, in seconds."""
    assert latency is not None
    return latency.p50, latency.p95


def test_rates_are_the_growth_of_end_offsets_per_second() -> None:
    sampler = RateSampler(TOPICS)
    sampler.add(1000, NONE, NONE, {})
    sampler.add(3000, NONE, NONE | {LIKES[0]: 10, LIKES[1]: 20, PURCHASES[0]: 1}, {})
    assert sampler.newest is not None
    assert sampler.newest.rates == {"likes": 15.0, "reposts": 0.0, "comments": 0.0, "purchases": 0.5}


def test_a_recreated_topic_is_no_negative_traffic() -> None:
    sampler = RateSampler(TOPICS)
    sampler.add(1000, NONE, NONE | {LIKES[0]: 500, LIKES[1]: 10}, {})
    sampler.add(2000, NONE, NONE | {LIKES[0]: 3, LIKES[1]: 12}, {})
    assert sampler.newest is not None
    assert sampler.newest.rates["likes"] == 2.0


def test_lag_counts_records_that_exist_and_are_not_committed() -> None:
    sampler = RateSampler(TOPICS)
    ends, begins = NONE | {LIKES[0]: 100, COMMENTS[1]: 50}, NONE | {COMMENTS[1]: 40}
    sampler.add(1000, begins, ends, {LIKES[0]: 90})
    assert sampler.newest is not None
    assert sampler.newest.lag == 10 + 10  # of the comments only those that retention left


def test_a_group_that_never_committed_has_an_unknown_lag() -> None:
    sampler = RateSampler(TOPICS)
    sampler.add(1000, NONE, NONE | {LIKES[0]: 100}, {})
    assert sampler.newest is not None
    assert sampler.newest.lag is None


def test_a_point_has_latency_if_any_event_was_observed() -> None:
    sampler = RateSampler(TOPICS)
    sampler.add(1000, NONE, NONE, {}, LatencyPercentiles(0.1, 0.7))
    assert sampler.newest is not None
    assert (sampler.newest.p50, sampler.newest.p95) == (0.1, 0.7)
    sampler.add(2000, NONE, NONE, {}, None)
    assert (sampler.newest.p50, sampler.newest.p95) == (None, None)


def test_history_is_bounded() -> None:
    sampler = RateSampler(TOPICS)
    for second in range(HISTORY_S + 50):
        sampler.add(second * 1000 + 1, NONE, NONE, {})
    assert len(sampler.history) == HISTORY_S
    assert sampler.history[0].at == 50_001


def test_no_observation_is_no_latency_and_earlier_records_are_not_counted() -> None:
    sampler = LatencySampler()
    sampler.observe(0.0, {A: 500}, {A: 100})
    sampler.observe(0.1, {A: 500}, {A: 500})
    assert sampler.percentiles(0.1) is None


def test_a_wait_lasts_from_the_observation_of_the_event_to_that_of_its_commit() -> None:
    sampler = LatencySampler()
    sampler.observe(0.0, {A: 0}, {A: 0})
    sampler.observe(0.1, {A: 10}, {A: 0})
    sampler.observe(0.2, {A: 10}, {A: 9})
    assert sampler.percentiles(0.2) is None
    sampler.observe(0.4, {A: 10}, {A: 10})
    assert within(sampler.percentiles(0.4)) == pytest.approx((0.3, 0.3))


def test_each_event_counts_not_each_observation() -> None:
    sampler = LatencySampler()
    sampler.observe(0.0, {A: 0, B: 0}, {})
    sampler.observe(0.1, {A: 94, B: 6}, {A: 94})
    sampler.observe(0.6, {A: 94, B: 6}, {A: 94, B: 6})
    assert sampler.percentiles(0.6) == LatencyPercentiles(0.0, 0.5)


def test_a_long_wait_counts_before_it_ends() -> None:
    sampler = LatencySampler()
    sampler.observe(0.0, {A: 0}, {})
    sampler.observe(0.1, {A: 5}, {})
    assert sampler.percentiles(0.1 + LONG_WAIT_S) is None
    assert sampler.percentiles(30.1) == LatencyPercentiles(30.0, 30.0)


def test_waits_before_the_window_are_dropped() -> None:
    sampler = LatencySampler()
    sampler.observe(0.0, {A: 0}, {})
    sampler.observe(1.0, {A: 5}, {A: 5})
    sampler.observe(1.1 + WINDOW_S, {A: 5}, {A: 5})
    assert sampler.percentiles(1.1 + WINDOW_S) is None


def test_a_recreated_topic_leaves_no_event_waiting_forever() -> None:
    sampler = LatencySampler()
    sampler.observe(0.0, {A: 100}, {A: 100})
    sampler.observe(0.1, {A: 110}, {A: 100})
    sampler.observe(0.2, {A: 3}, {})
    assert sampler.percentiles(60.0) is None


def test_workers_that_are_down_for_long_cost_little_memory_and_no_event() -> None:
    sampler, seconds = LatencySampler(), 3600
    sampler.observe(0.0, {A: 0}, {})
    for n in range(1, 10 * seconds + 1):
        sampler.observe(n / 10, {A: n}, {})
    assert len(sampler._waiting[A]) < 1000
    expected = pytest.approx((seconds / 2, 0.95 * seconds), rel=0.02)
    assert within(sampler.percentiles(seconds)) == expected
    sampler.observe(seconds + 0.1, {A: 10 * seconds}, {A: 10 * seconds})
    assert not sampler._waiting[A]
    assert within(sampler.percentiles(seconds + 0.2)) == expected


def test_every_topic_is_sampled_whatever_the_number_of_partitions() -> None:
    for partitions in (1, 4, 12, 100):
        chosen = choose_partitions([TopicPartition(topic, n) for topic in "abcd" for n in range(partitions)])
        assert {part.topic for part in chosen} == set("abcd")
        assert 4 <= len(chosen) <= MAX_PARTITIONS
