"""The threshold of the churned flag: no more false alarms than a fixed window of silence would have raised."""

from bisect import bisect_right

import numpy as np

from schemas.layout import Ints
from streams.compiled import compiled
from streams.fitting.rhythm import Acts
from streams.params import DAY, Params, table
from streams.rules.churn import silence

WINDOW = 60.0  # days of silence that a plain rule would wait
MARGIN = 0.9  # of the window's false alarms: the brand's future is not quite its past
THRESHOLDS = [n / 100 for n in range(5, 46)]
FEWEST = 50  # false alarms to be allowed: with fewer, the history does not say


@compiled
def false_alarms(fan: Ints, at: Ints, day: Ints, alive: float, p: Params) -> int:
    """Return how many acts came after the fan's own deadline had passed; rows sorted by fan, then time."""
    n, first, repeats = 0, 0, 0
    for i in range(len(fan)):
        if i == 0 or fan[i] != fan[i - 1]:
            first, repeats = at[i], 0
            continue
        if at[i] - at[i - 1] > silence(repeats, (at[i - 1] - first) / DAY, alive, p) * DAY:
            n += 1
        if day[i] != day[i - 1]:
            repeats += 1
    return n


def best_threshold(acts: Acts, params: Params) -> float | None:
    """Return the highest P(alive) for ``churned`` with no more false alarms than the window; None if none is known.

    A false alarm is one that an act of the same fan has proved wrong: nothing but the history is needed.
    """
    order = np.lexsort((acts.at, acts.fan))
    fan, at = acts.fan[order], acts.at[order]
    day = (at + params.utc_offset_minutes * 60_000) // DAY
    allowed = MARGIN * int(((np.diff(at) > WINDOW * DAY) & (np.diff(fan) == 0)).sum())
    if allowed < FEWEST:
        return None
    row = table([params])[0]
    # The higher the threshold, the sooner the flag and the more of them are false.
    below = [alive for alive in THRESHOLDS if alive <= params.alive_at_risk]
    good = bisect_right(below, allowed, key=lambda alive: false_alarms(fan, at, day, alive, row))
    return below[good - 1] if good else None
