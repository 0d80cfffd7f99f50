"""The numbers and formulas of the score, as the product's definition prints them; sums are over whole histories."""

import math
from collections.abc import Iterable

DAY_MS = 86_400_000
SHANGHAI_MS = 8 * 3_600_000  # a brand's day begins at midnight, UTC+8
DAILY_CAP = 20

WEIGHT = {
    "like": 1, "unlike": -1, "comment": 4, "review": 6, "mention": 2, "purchase": 10, "refund": -10,
    "repost": 5, "show": 8,
}  # fmt: skip
SHARE = {"repost", "show"}
NEVER_CAPPED = {"unlike", "refund"}
HALF_LIFE = {"talk": 14, "share": 30, "influence": 90, "relevance": 60}  # days


def day_of(at: int) -> int:
    """Return the calendar day of a moment (ms) in Asia/Shanghai.

    >>> day_of(16 * 3_600_000 - 1), day_of(16 * 3_600_000)
    (0, 1)
    """
    return (at + SHANGHAI_MS) // DAY_MS


def faded(weights: Iterable[tuple[int, float]], now: int, half_life: float) -> float:
    """Return what is left at ``now`` of (moment, weight) pairs; the half-life is in days.

    >>> faded([(0, 8.0), (2 * DAY_MS, 1.0)], now=2 * DAY_MS, half_life=1)
    3.0
    """
    return math.fsum(w * 2.0 ** (-(now - at) / (half_life * DAY_MS)) for at, w in weights)


def saturation(total: float) -> float:
    """Return I or S of a sum.

    >>> saturation(20), saturation(-3)
    (0.5, 0.0)
    """
    return 1 - 2 ** (-max(total, 0) / 20)


def reach(attributions: float) -> float:
    """Return F of the faded number of attributions.

    >>> reach(9), reach(1e9)
    (0.25, 1)
    """
    return min(1, math.log10(1 + attributions) / 4)


def relevance(on_brand: float, everything: float) -> float:
    """Return R of the weight of acts without a prize and of all acts.

    >>> relevance(0, 30), relevance(9, 9), relevance(-50, -50)
    (0.25, 1, 1)
    """
    return min(1, 2 * (max(on_brand, 0) + 5) / (max(everything, 0) + 10))


def score(parts: dict[str, float]) -> float:
    """Return the score, 0..100, of its parts.

    >>> score({"talk": 0.5, "share": 0.5, "influence": 0.0, "relevance": 0.5, "authenticity": 0.1})
    1.75
    """
    drive = 0.40 * parts["talk"] + 0.30 * parts["share"] + 0.30 * parts["influence"]
    return 100 * parts["authenticity"] * parts["relevance"] * drive
