"""Which events of a file or a topic make a history, and which of them count as a repeat."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from agents.offline.histories import Histories
from schemas.inputs import INPUTS
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from schemas.inputs.purchases import PURCHASES


def line(event_id: str = "e", at: int = 1, fan: str = "f", **fields: Any) -> bytes:
    return msgspec.json.encode({"event_id": event_id, "brand_id": "b", "fan_id": fan, "event_time": at, **fields})


def test_events_are_in_the_order_of_their_time_with_the_number_of_their_input() -> None:
    found = Histories(None)
    found.add(line("e1", 30, "late", topic="purchases"))
    found.add(line("e2", 10, "early"), COMMENTS)
    found.add(line("e3", 20, "late"), LIKES)
    history = found.of_brands("file")["b"]
    assert history.source.tolist() == [COMMENTS.number, LIKES.number, PURCHASES.number]
    assert history.acts.at.tolist() == [record.timestamp for record in history.records] == [10, 20, 30]
    assert [history.keys[fan] for fan in history.acts.fan] == [record.key for record in history.records]
    assert [record.key for record in history.records] == [b"b:early", b"b:late", b"b:late"]


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        (line(topic="likes"), line(topic="likes", at=2), 1),
        (line(topic="likes"), line(topic="likes", type="like"), 1),  # the topic's own type need not be named
        (line(topic="likes"), line(topic="likes", type="unlike"), 2),
        (line(topic="likes"), line(topic="comments"), 2),
        (line(topic="likes"), line(topic="likes", fan="g"), 2),
        (line(topic="likes"), line("e2", topic="likes"), 2),
    ],
)
def test_a_repeat_counts_once_as_in_a_worker(first: bytes, second: bytes, count: int) -> None:
    found = Histories(None)
    found.add(first)
    found.add(second)
    assert len(found.of_brands("file")["b"].records) == count


def test_what_is_no_act_of_the_fan_is_left_out() -> None:
    inputs = [replace(source, by_fan=False) if source is COMMENTS else source for source in INPUTS]
    found = Histories(None, inputs)
    found.add(line("e1", topic="comments"))
    found.add(line("e2", topic="likes"))
    assert found.of_brands("file")["b"].source.tolist() == [LIKES.number]
