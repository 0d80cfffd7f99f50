"""Which events count: replays are known by their offset, repeats of a producer by their id."""

from schemas.events import Topic
from schemas.fan import RINGS, Fan
from streams.columns import Verdict
from streams.compiled import compiled

LATE_MS = 3_600_000


@compiled
def admit(f: Fan, topic: int, offset: int, ident: int) -> int:
    """Return whether the event counts, and remember it.

    A repeat is noticed while its id is among the newest of its fan and topic: 8 for likes, 4 for the others.
    """
    if offset < f.position[topic]:
        return Verdict.REPLAYED
    f.position[topic] = offset + 1
    if topic == Topic.CREDITS:
        return Verdict.APPLIED
    start, stop = RINGS[topic], RINGS[topic + 1]
    for k in range(start, stop):
        if f.ring[k] == ident:
            return Verdict.DUPLICATE
    f.ring[start + f.ring_at[topic]] = ident
    f.ring_at[topic] = (f.ring_at[topic] + 1) % (stop - start)
    return Verdict.APPLIED
