"""The half-life of activity, what the published churn risk reads: the one that ranked best who came back."""

import numpy as np

from schemas.layout import Floats, Ints
from streams.fitting.ranks import Bools, auc
from streams.fitting.rhythm import Acts, rhythms
from streams.params import DAY

HALF_LIVES = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0)  # days
HELD_BACK = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)  # shares of the history, its end, that a half-life had to foretell
FEWEST = 50  # who came back, and who did not, for a share to count


def activity(acts: Acts, fans: Ints, until: int, half_life: float) -> Floats:
    """Return the faded number of acts at ``until``, ms, of all ``fans`` who came before it; half-life in days.

    >>> activity(Acts(np.array([3, 3]), np.array([0, DAY])), np.array([3]), 2 * DAY, 1.0).tolist()
    [0.75]
    """
    fan, at = acts.before(until)
    faded = np.exp2((at - until) / (half_life * DAY))
    return np.bincount(np.searchsorted(fans, fan), faded, minlength=len(fans)).astype(np.float64)


def came_back(acts: Acts, fans: Ints, since: int, until: int) -> Bools:
    """Return which fans came in ``since`` <= t < ``until``, ms."""
    return np.isin(fans, acts.fan[(acts.at >= since) & (acts.at < until)])


def best_half_life(acts: Acts, until: int, utc_offset_minutes: int) -> float | None:
    """Return the half-life in days that ranks best within the history before ``until``; None if it cannot tell.

    Each is judged by the AUC among all fans plus that among repeaters, averaged over several ends held back.
    """
    acts = acts.before(until)
    if not len(acts.at):
        return None
    length = until - int(acts.at.min())
    marks: list[list[float]] = []
    for share in HELD_BACK:
        cut = until - int(share * length)
        found = rhythms(acts, cut, utc_offset_minutes)
        back, again = came_back(acts, found.fans, cut, until), found.repeats > 0
        if min(int(back[again].sum()), int((~back[again]).sum())) < FEWEST:
            continue
        faded = [activity(acts, found.fans, cut, half_life) for half_life in HALF_LIVES]
        marks.append([auc(sums, back) + auc(sums[again], back[again]) for sums in faded])
    return HALF_LIVES[int(np.argmax(np.mean(marks, axis=0)))] if marks else None
