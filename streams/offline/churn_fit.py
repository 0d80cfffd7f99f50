"""Fits a brand's churn parameters to its history: MBG/NBD, the half-life of activity, the threshold of ``churned``."""

from bisect import bisect_right

import numpy as np
from msgspec.structs import asdict, replace

from schemas.row import Ints
from streams.compiled import compiled
from streams.fans.model import MODEL
from streams.fans.params import Params, settings_of, table
from streams.offline import mbg
from streams.offline.metrics import auc
from streams.offline.rhythm import Acts, activity, came_back, rhythms
from streams.rules.churn import Settings, allowed_silence
from streams.rules.rule import DAY

HALF_LIVES = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0)  # days
HOLD_OUT_SHARES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)  # shares of the history, at its end, that a half-life has to predict
MIN_FANS = 50  # who came back, and who did not, for a share to count

WINDOW = 60.0  # days of silence that a plain rule would wait
MARGIN = 0.9  # of the window's false alarms: the brand's future differs a little from its past
THRESHOLDS = [n / 100 for n in range(5, 46)]
MIN_ALARMS = 50  # false alarms to be allowed: with fewer, the history does not tell

DIGITS = 4  # after the decimal point, in the parameter file: far below what a history can tell


def best_half_life(acts: Acts, until: int, utc_offset_minutes: int) -> float | None:
    """Return the half-life, days, whose activity ranks best within the history before ``until``, ms.

    Each is judged by its AUC among all fans plus that among repeaters, averaged over several shares held back. None
    where no share has enough fans of both kinds.
    """
    acts = acts.before(until)
    if not len(acts.at):
        return None
    length = until - int(acts.at.min())
    marks: list[list[float]] = []
    for share in HOLD_OUT_SHARES:
        cut = until - int(share * length)
        found = rhythms(acts, cut, utc_offset_minutes)
        back, repeated = came_back(acts, found.fans, cut, until), found.repeats > 0
        if min(int(back[repeated].sum()), int((~back[repeated]).sum())) < MIN_FANS:
            continue
        faded = [activity(acts, found.fans, cut, half_life) for half_life in HALF_LIVES]
        marks.append([auc(sums, back) + auc(sums[repeated], back[repeated]) for sums in faded])
    return HALF_LIVES[int(np.argmax(np.mean(marks, axis=0)))] if marks else None


@compiled
def false_alarms(fan: Ints, at: Ints, day: Ints, alive: float, p: Settings) -> int:
    """Return how many acts came after the fan's own deadline; rows sorted by fan, then by time."""
    n, first, repeats = 0, 0, 0
    for i in range(len(fan)):
        if i == 0 or fan[i] != fan[i - 1]:
            first, repeats = at[i], 0
            continue
        if at[i] - at[i - 1] > allowed_silence(repeats, (at[i - 1] - first) / DAY, alive, p) * DAY:
            n += 1
        if day[i] != day[i - 1]:
            repeats += 1
    return n


def best_threshold(acts: Acts, params: Params) -> float | None:
    """Return the highest P(alive) for ``churned`` with no more false alarms than the window of silence.

    An alarm is false when the same fan acts again, so nothing but the history is needed. None where the window itself
    has too few false alarms, or no threshold is good enough.
    """
    settings = settings_of(params, Settings)
    order = np.lexsort((acts.at, acts.fan))
    fan, at = acts.fan[order], acts.at[order]
    day = (at + settings.utc_offset_minutes * 60_000) // DAY
    allowed = MARGIN * int(((np.diff(at) > WINDOW * DAY) & (np.diff(fan) == 0)).sum())
    if allowed < MIN_ALARMS:
        return None
    row = table(MODEL.params_dtype, MODEL.kinds, [params])[0]
    # The higher the threshold, the sooner the flag and the more of them are false.
    below = [alive for alive in THRESHOLDS if alive <= settings.alive_at_risk]
    good = bisect_right(below, allowed, key=lambda alive: false_alarms(fan, at, day, alive, row))
    return below[good - 1] if good else None


def fit_churn(acts: Acts, until: int, base: Params) -> Params:
    """Return ``base`` with the churn parameters fitted to the acts before ``until``, ms.

    Half-life and threshold stay as they are where the history cannot tell.

    Raises:
        ValueError: too few fans, or too few with a second active day.
    """
    settings = settings_of(base, Settings)
    churn = mbg.fit(rhythms(acts, until, settings.utc_offset_minutes))
    found = {name: round(value, DIGITS) for name, value in asdict(churn).items()}
    half_life = best_half_life(acts, until, settings.utc_offset_minutes) or settings.activity_half_life
    fitted = replace(base, **found, activity_half_life=half_life)
    alive = best_threshold(acts.before(until), fitted)
    return replace(fitted, alive_churned=alive or settings.alive_churned)
