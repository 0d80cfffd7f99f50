"""What the consumer's thread does with a first assignment that was made for another subscription."""

from types import SimpleNamespace

from faust.types import TP

from agents.transport.group_metadata import GroupMetadata
from agents.transport.thread import Thread

ASSIGNED = {TP("reposts", 0)}


def thread(requests: list[str], *, is_incomplete: bool) -> Thread:
    one: Thread = object.__new__(Thread)
    one.consumer = SimpleNamespace(listener=SimpleNamespace(is_incomplete=lambda assigned: is_incomplete))
    one._consumer = SimpleNamespace(_coordinator=SimpleNamespace(request_rejoin=lambda: requests.append("rejoin")))
    one.group_metadata = GroupMetadata("g", 2, "m", "i")
    return one


def test_an_incomplete_first_assignment_makes_it_join_again_once() -> None:
    requests: list[str] = []
    one = thread(requests, is_incomplete=True)
    one.rejoin_if_incomplete(set())
    assert requests == []
    one.rejoin_if_incomplete(ASSIGNED)
    one.rejoin_if_incomplete(ASSIGNED)  # in a rolling upgrade later ones may be incomplete until all are upgraded
    assert requests == ["rejoin"]


def test_a_complete_assignment_is_taken() -> None:
    requests: list[str] = []
    thread(requests, is_incomplete=False).rejoin_if_incomplete(ASSIGNED)
    assert requests == []
