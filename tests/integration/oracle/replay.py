"""A whole input, replayed: each event once, each topic in its order, each repost attributed to the reposted fan."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.integration.oracle.fan import Event, OracleFan

Line = Event  # an event with its "topic"
DEFAULT = {"likes": "like", "reposts": "repost", "comments": "comment", "purchases": "purchase"}
TOPICS = tuple(DEFAULT)


class Replayed(NamedTuple):
    """What the program must publish: fans by key, unique events, and the ids of the reposts that are attributed."""

    fans: dict[str, OracleFan]
    events: int
    attributions: frozenset[str]


class Outcome(NamedTuple):
    """One fan's own acts: the fan, and the attributions that they give as (key of who earns, moment, event id)."""

    fan: OracleFan
    gives: list[tuple[str, int, str]]


def key_of(event: Event) -> str:
    """Return the record key.

    >>> key_of({"brand_id": "miot", "fan_id": "weibo:1"})
    'miot:weibo:1'
    """
    return f"{event['brand_id']}:{event['fan_id']}"


def histories(lines: Iterable[Line]) -> dict[str, dict[str, list[Event]]]:
    """Return key -> topic -> events in the topic's order, each event id once."""
    seen: set[str] = set()
    found: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line["event_id"] not in seen:
            seen.add(line["event_id"])
            found[key_of(line)][line["topic"]].append({"type": DEFAULT[line["topic"]]} | line)
    return found


def by_time(queues: Mapping[str, Sequence[Event]]) -> list[tuple[str, Event]]:
    """Merge the topics of a fan: always the one whose next event is oldest, so that each keeps its order."""
    merged, at = [], dict.fromkeys(queues, 0)
    while waiting := [topic for topic in TOPICS if topic in queues and at[topic] < len(queues[topic])]:
        topic = min(waiting, key=lambda topic: queues[topic][at[topic]]["event_time"])
        merged.append((topic, queues[topic][at[topic]]))
        at[topic] += 1
    return merged


def one_after_another(queues: Mapping[str, Sequence[Event]], order: Sequence[str]) -> list[tuple[str, Event]]:
    """Put whole topics one behind the other: the farthest from time order that topics can arrive in."""
    return [(topic, event) for topic in order for event in queues.get(topic, ())]


def live(acts: Iterable[tuple[str, Event]]) -> Outcome:
    """Return the fan after all acts; a repost is attributed unless its own fan is suspect once it is taken in."""
    fan, gives = OracleFan(), []
    for topic, event in acts:
        fan.act(topic, event)
        parent = event.get("parent_fan_id")
        if topic == "reposts" and parent and parent != event["fan_id"] and not fan.is_suspect:
            gives.append((f"{event['brand_id']}:{parent}", event["event_time"], event["event_id"]))
    return Outcome(fan, gives)


def replay(lines: Iterable[Line]) -> Replayed:
    """Return every fan of an input, those known by attributions alone too."""
    fans: dict[str, OracleFan] = {}
    gives = []
    for key, queues in histories(lines).items():
        fans[key], given = live(by_time(queues))
        gives += given
    for key, at, _ in gives:
        fans.setdefault(key, OracleFan()).earn(at)
    events = sum(fan.counts.total() for fan in fans.values())
    return Replayed(fans, events, frozenset(event_id for _, _, event_id in gives))
