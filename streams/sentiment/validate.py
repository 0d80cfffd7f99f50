"""How good a model is, on texts that it has not seen."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from schemas.layout import Floats
from streams.fitting.ranks import auc, cut_at
from streams.sentiment.examples import Label
from streams.sentiment.train import ALERT


class Quality(Struct, frozen=True):
    """Figures of one group of texts, 0..1; nan where the group has not both neg and pos.

    Accuracy, AUC, precision and recall are about neg against pos; ``alert_precision_all`` counts a neutral text in
    the alert as a false alarm too.
    """

    group: str
    neg: int
    neu: int
    pos: int
    accuracy: float  # neg is what is below 0
    auc: float
    alert_precision: float  # of s <= -0.6
    alert_recall: float
    recall_at_90: float  # the recall of the cut whose precision is .9
    alert_precision_all: float
    neutral_mean: float


def quality(group: str, sentiment: Floats, label: NDArray[np.int8]) -> Quality:
    """Return the figures of texts whose ``sentiment`` a model gave and whose ``label`` people gave."""
    decided = label != Label.NEU
    s, is_negative = sentiment[decided], label[decided] == Label.NEG
    alert = s <= ALERT
    return Quality(
        group=group,
        neg=int((label == Label.NEG).sum()),
        neu=int((label == Label.NEU).sum()),
        pos=int((label == Label.POS).sum()),
        accuracy=_share((s < 0) == is_negative),
        auc=auc(-s, is_negative),
        alert_precision=_share(is_negative[alert]),
        alert_recall=_share(alert[is_negative]),
        recall_at_90=cut_at(-s, is_negative, 0.9)[1],
        alert_precision_all=_share(label[sentiment <= ALERT] == Label.NEG),
        neutral_mean=float(sentiment[~decided].mean()) if (~decided).any() else float("nan"),
    )


def _share(claim: NDArray[np.bool_]) -> float:
    return float(claim.mean()) if len(claim) else float("nan")
