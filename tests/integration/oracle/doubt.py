"""Where the definition leaves the answer open: fans whose suspicion depends on the order that topics are read in."""

from collections.abc import Iterable
from itertools import permutations
from typing import NamedTuple

from tests.integration.oracle.fan import Event
from tests.integration.oracle.replay import Line, Outcome, by_time, histories, live, one_after_another


class Doubt(NamedTuple):
    """The fans whose score may differ, and the ids of the reposts whose attribution may or may not be given."""

    fans: frozenset[str]
    reposts: frozenset[str]


def outcomes(queues: dict[str, list[Event]]) -> list[Outcome]:
    """Return what becomes of a fan in time order, and in every order of whole topics."""
    orders = [one_after_another(queues, order) for order in permutations(sorted(queues))]
    return [live(acts) for acts in (by_time(queues), *orders)]


def in_doubt(lines: Iterable[Line]) -> Doubt:
    """Return what order could change: a fan who ends as a suspect or not, and whoever their reposts may pay."""
    fans: set[str] = set()
    reposts: set[str] = set()
    for key, queues in histories(lines).items():
        if len(queues) < 2:
            continue
        seen = outcomes(queues)
        gives = [frozenset(outcome.gives) for outcome in seen]
        open_gives = frozenset.union(*gives) - frozenset.intersection(*gives)
        if open_gives or len({outcome.fan.is_suspect for outcome in seen}) > 1:
            fans |= {key, *(receiver for receiver, _, _ in open_gives)}
            reposts |= {event_id for _, _, event_id in open_gives}
    return Doubt(frozenset(fans), frozenset(reposts))
