"""How well a number ranks: the area under the ROC curve, and recall at a precision."""

import numpy as np
from numpy.typing import NDArray

from schemas.layout import Floats

Bools = NDArray[np.bool_]


def auc(score: Floats, is_positive: Bools) -> float:
    """Return the chance that a positive scores above a negative, ties half (Hanley & McNeil 1982); nan without both.

    >>> auc(np.array([1.0, 2.0, 2.0]), np.array([False, False, True]))
    0.75
    """
    _, place, ties = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(ties) - (ties - 1) / 2)[place]
    positives = int(is_positive.sum())
    pairs = positives * (len(score) - positives)
    above = float(rank[is_positive].sum()) - positives * (positives + 1) / 2
    return above / pairs if pairs else float("nan")


def cut_at(score: Floats, is_positive: Bools, precision: float) -> tuple[float, float]:
    """Return the lowest cut whose ``score >= cut`` holds ``precision``, and its recall; (nan, 0) if none does.

    >>> cut_at(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, True, False, True]), 0.75)
    (1.0, 1.0)
    """
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(is_positive[order])
    # A cut cannot fall between equal scores: only the last of each run counts.
    is_last = np.append(np.diff(score[order]) != 0, True) if len(score) else np.zeros(0, np.bool_)
    good = np.flatnonzero(is_last & (found >= precision * np.arange(1, len(score) + 1)))
    if not len(good) or not found[-1]:
        return float("nan"), 0.0
    return float(score[order][good[-1]]), float(found[good[-1]] / found[-1])
