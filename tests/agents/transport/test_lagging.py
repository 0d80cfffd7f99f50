"""An input is read to its end only if that was asked for no longer ago than the newest records of its siblings came."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from agents.transport.consumer import Consumer
from agents.transport.order import Order

LIKES, COMMENTS = TP("likes", 0), TP("comments", 0)


def state(position: int, end: int | None, asked: int | None) -> Any:
    return SimpleNamespace(position=position, lso=end, timestamp=asked, has_valid_position=True)


def consumer(states: dict[TP, Any], heard: dict[TP, int]) -> Consumer:
    one = Consumer.__new__(Consumer)
    one.order, one.delivered, one.heard = Order(), {}, heard
    assignment = SimpleNamespace(tps=set(states), state_value=states.__getitem__)
    subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
    one._thread = SimpleNamespace(_ensure_consumer=lambda: SimpleNamespace(_subscription=subscription))
    return one


@pytest.mark.parametrize(
    ("comments", "heard", "lagging"),
    [
        (state(5, 5, 200), {LIKES: 200}, set()),  # one answer brought both
        (state(5, 5, 300), {LIKES: 200, COMMENTS: 300}, {LIKES}),
        (state(5, 5, 100), {LIKES: 200}, {COMMENTS}),  # it was left out of the fetch that brought likes
        (state(5, 5, 100), {LIKES: 100}, set()),  # nothing new came since
        (state(5, 9, 200), {LIKES: 200}, {COMMENTS}),
        (state(5, None, None), {LIKES: 200}, {COMMENTS}),
    ],
)
def test_an_end_that_is_older_than_what_siblings_brought_is_no_end(
    comments: Any, heard: dict[TP, int], lagging: set[TP]
) -> None:
    one = consumer({LIKES: state(7, 7, 200), COMMENTS: comments}, heard)
    assert one.lagging({LIKES: 7, COMMENTS: 5}) == lagging
