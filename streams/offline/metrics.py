"""How well a number ranks and how well a model judges texts: scikit-learn's metrics, with an answer for every case."""

from enum import IntEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_auc_score

from schemas.row import Floats
from streams.offline.rhythm import Bools
from streams.rules.sentiment import Settings

ALERT = Settings().negative_comment  # a comment's sentiment at which the negative flag is raised at once


class Label(IntEnum):
    """The label that a person gave a text."""

    NEG = -1
    NEU = 0
    POS = 1


LABELS = {label.name.lower(): label for label in Label}


def auc(score: Floats, is_positive: Bools) -> float:
    """Return the area under the ROC curve; nan where all are positive, or none is.

    >>> auc(np.array([1.0, 2.0, 2.0]), np.array([False, False, True]))
    0.75
    """
    if is_positive.all() or not is_positive.any():
        return float("nan")
    return float(roc_auc_score(is_positive, score))


def cut_at_precision(score: Floats, is_positive: Bools, precision: float) -> tuple[float, float]:
    """Return the lowest cut at which ``score >= cut`` has the precision, and its recall; (nan, 0) if none has it.

    >>> cut_at_precision(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, True, False, True]), 0.75)
    (1.0, 1.0)
    """
    if not is_positive.any():
        return float("nan"), 0.0
    precisions, recalls, cuts = precision_recall_curve(is_positive, score)
    good = np.flatnonzero((precisions[:-1] >= precision) & (recalls[:-1] > 0.0))
    return (float(cuts[good[0]]), float(recalls[good[0]])) if len(good) else (float("nan"), 0.0)


class Quality(Struct, frozen=True):
    """The figures of a sentiment model on one group of texts, 0..1; nan where the group lacks neg or pos.

    Accuracy, AUC, precision and recall compare neg with pos; ``alert_precision_all`` counts a neutral text in the
    alert as a false alarm, too.
    """

    group: str
    neg: int
    neu: int
    pos: int
    accuracy: float  # a sentiment below 0 is neg
    auc: float
    alert_precision: float  # of s <= ALERT
    alert_recall: float
    recall_at_90: float  # the recall at the cut whose precision is .9
    alert_precision_all: float
    neutral_mean: float


def quality(group: str, sentiment: Floats, label: NDArray[np.int8]) -> Quality:
    """Return the figures of texts: ``sentiment`` is the model's, float64[n] in -1..1, ``label`` a person's."""
    decided = label != Label.NEU
    s, is_negative = sentiment[decided], label[decided] == Label.NEG
    alert = s <= ALERT
    return Quality(
        group=group,
        neg=int((label == Label.NEG).sum()),
        neu=int((label == Label.NEU).sum()),
        pos=int((label == Label.POS).sum()),
        accuracy=_mean((s < 0) == is_negative),
        auc=auc(-s, is_negative),
        alert_precision=_mean(is_negative[alert]),
        alert_recall=_mean(alert[is_negative]),
        recall_at_90=cut_at_precision(-s, is_negative, 0.9)[1],
        alert_precision_all=_mean(label[sentiment <= ALERT] == Label.NEG),
        neutral_mean=_mean(sentiment[~decided]),
    )


def _mean(values: Bools | Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
