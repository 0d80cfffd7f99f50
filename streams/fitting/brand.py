"""All that a history teaches about a brand's leavers, as that brand's parameters."""

from msgspec.structs import asdict, replace

from streams.fitting.activity import best_half_life
from streams.fitting.alarm import best_threshold
from streams.fitting.mbg import fit
from streams.fitting.rhythm import Acts, rhythms
from streams.params import Params

DIGITS = 4  # behind the point in the file: far below what a history can tell


def learn(acts: Acts, until: int, base: Params) -> Params:
    """Return ``base`` with what the acts before ``until``, ms, teach.

    Half-life and threshold stay as they are where the history cannot tell.

    Raises:
        ValueError: too few fans, or too few who came on a second day.
    """
    churn = fit(rhythms(acts, until, base.utc_offset_minutes))
    found = {name: round(value, DIGITS) for name, value in asdict(churn).items()}
    learnt = replace(base, **found)
    half_life = best_half_life(acts, until, base.utc_offset_minutes)
    learnt = replace(learnt, activity_half_life=half_life or base.activity_half_life)
    alive = best_threshold(acts.before(until), learnt)
    return replace(learnt, alive_churned=alive or base.alive_churned)
