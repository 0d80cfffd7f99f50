"""Simulated fans whose truth is known: each has a rate of their own and a day on which they leave for good."""

from typing import NamedTuple

import msgspec
import numpy as np

from schemas.inputs.likes import LIKES
from schemas.row import Floats, Ints
from streams.offline.replay import History
from streams.offline.rhythm import Acts
from streams.rules.rule import DAY
from streams.wire.records import Record

SHORTEST, LONGEST_HISTORY = 0.6, 45.0  # mean gap between visits, days
ARRIVALS = 90.0  # days over which fans come for the first time
START = 20_000 * DAY  # the population's first midnight, UTC
BRAND = "simulated"


class Population(NamedTuple):
    """Visits, and until when each fan was really there, ms; ``end`` for those who still are."""

    acts: Acts  # sorted by time
    leaves: Ints
    end: int

    def history(self) -> History:
        """Return the visits as likes."""
        names = [f"f{fan}" for fan in range(len(self.leaves))]
        keys = [f"{BRAND}:{name}".encode() for name in names]
        common = {"brand_id": BRAND, "platform": "simulated"}
        records = []
        for i, (fan, at) in enumerate(zip(self.acts.fan.tolist(), self.acts.at.tolist(), strict=True)):
            like = {**common, "event_id": f"{i}", "fan_id": names[fan], "event_time": at}
            records.append(Record(i, at, keys[fan], msgspec.json.encode(like)))
        return History(records, np.full(len(records), LIKES.number), self.acts, keys)


def simulate(fans: int, days: float, lifetime: float, seed: int) -> Population:
    """Return ``fans`` with mean gaps spread evenly in the logarithm, who stay ``lifetime`` days on average.

    Visits are a Poisson process, the hardest case for a rule that knows the gaps: they have no regularity.
    """
    rng = np.random.default_rng(seed)
    gap = np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST_HISTORY), fans))
    first = rng.uniform(0.0, ARRIVALS, fans)
    leaves = np.minimum(first + rng.exponential(lifetime, fans), days)
    visits: list[Floats] = []
    for fan in range(fans):
        stay = leaves[fan] - first[fan]
        count = rng.poisson(stay / gap[fan])
        visits.append(first[fan] + np.append(0.0, rng.uniform(0.0, stay, count)))
    who = np.repeat(np.arange(fans), [len(v) for v in visits])
    at = START + (np.concatenate(visits) * DAY).astype(np.int64)
    order = np.argsort(at, kind="stable")
    return Population(Acts(who[order], at[order]), START + (leaves * DAY).astype(np.int64), START + int(days * DAY))
