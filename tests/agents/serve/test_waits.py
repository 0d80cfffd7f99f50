"""Claims about how long events wait, as seen from offsets alone."""

import pytest
from aiokafka import TopicPartition

from agents.serve.flow.waits import LONG_S, WATCHED, WINDOW_S, Waits, Watch, choose

A, B = TopicPartition("likes", 0), TopicPartition("likes", 1)


def test_nothing_seen_is_no_figure_and_what_was_there_before_is_no_wait() -> None:
    watch = Watch()
    watch.look(0.0, {A: 500}, {A: 100})
    watch.look(0.1, {A: 500}, {A: 500})
    assert watch.figures(0.1) is None


def test_a_wait_is_from_the_look_that_saw_the_event_to_the_one_that_saw_its_commit() -> None:
    watch = Watch()
    watch.look(0.0, {A: 0}, {A: 0})
    watch.look(0.1, {A: 10}, {A: 0})
    watch.look(0.2, {A: 10}, {A: 9})
    assert watch.figures(0.2) is None
    watch.look(0.4, {A: 10}, {A: 10})
    assert watch.figures(0.4) == Waits(pytest.approx(0.3), pytest.approx(0.3))


def test_events_count_each_and_not_as_looks() -> None:
    watch = Watch()
    watch.look(0.0, {A: 0, B: 0}, {})
    watch.look(0.1, {A: 94, B: 6}, {A: 94})
    watch.look(0.6, {A: 94, B: 6}, {A: 94, B: 6})
    assert watch.figures(0.6) == Waits(0.0, 0.5)


def test_who_waits_long_counts_while_it_lasts() -> None:
    watch = Watch()
    watch.look(0.0, {A: 0}, {})
    watch.look(0.1, {A: 5}, {})
    assert watch.figures(0.1 + LONG_S) is None
    assert watch.figures(30.1) == Waits(30.0, 30.0)


def test_what_is_long_past_is_forgotten() -> None:
    watch = Watch()
    watch.look(0.0, {A: 0}, {})
    watch.look(1.0, {A: 5}, {A: 5})
    watch.look(1.1 + WINDOW_S, {A: 5}, {A: 5})
    assert watch.figures(1.1 + WINDOW_S) is None


def test_a_topic_made_anew_leaves_nobody_waiting_for_ever() -> None:
    watch = Watch()
    watch.look(0.0, {A: 100}, {A: 100})
    watch.look(0.1, {A: 110}, {A: 100})
    watch.look(0.2, {A: 3}, {})
    assert watch.figures(60.0) is None


def test_workers_that_are_away_for_long_cost_little_memory_and_no_event() -> None:
    watch, seconds = Watch(), 3600
    watch.look(0.0, {A: 0}, {})
    for n in range(1, 10 * seconds + 1):
        watch.look(n / 10, {A: n}, {})
    assert len(watch._waiting[A]) < 1000
    figures = watch.figures(seconds)
    assert figures == Waits(pytest.approx(seconds / 2, rel=0.02), pytest.approx(0.95 * seconds, rel=0.02))
    watch.look(seconds + 0.1, {A: 10 * seconds}, {A: 10 * seconds})
    assert not watch._waiting[A]
    assert watch.figures(seconds + 0.2) == Waits(
        pytest.approx(seconds / 2, rel=0.02), pytest.approx(0.95 * seconds, rel=0.02)
    )


def test_every_topic_is_watched_whatever_the_number_of_partitions() -> None:
    for partitions in (1, 4, 12, 100):
        chosen = choose([TopicPartition(topic, n) for topic in "abcd" for n in range(partitions)])
        assert {part.topic for part in chosen} == set("abcd")
        assert 4 <= len(chosen) <= WATCHED
