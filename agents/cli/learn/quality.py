"""The validation of a sentiment model, as rows of a table."""

from typing import Any

import numpy as np
from msgspec.structs import asdict

from streams.sentiment.examples import Examples
from streams.sentiment.model import Model
from streams.sentiment.train import train
from streams.sentiment.validate import quality

QUALITY = {"split": "split", "group": "texts", "neg": "neg", "neu": "neu", "pos": "pos", "accuracy": "accuracy"}
QUALITY |= {"auc": "AUC", "alert_precision": "alert: precision", "alert_recall": "recall"}
QUALITY |= {"alert_precision_all": "precision with neu", "recall_at_90": "recall at .9", "neutral_mean": "mean of neu"}


def judge(model: Model, examples: Examples, rows: np.ndarray, split: str) -> list[dict[str, Any]]:
    """Return the quality of a model on some rows: of each language, then of each corpus where there are several."""
    picked = np.flatnonzero(rows)
    sentiment = model.score([examples.texts[i] for i in picked])
    label, found = examples.label[picked], []
    for column in (examples.lang[picked], examples.corpus[picked]):
        groups = np.unique(column).tolist()
        if groups != [""]:
            found += [quality(group, sentiment[column == group], label[column == group]) for group in groups]
    return [{"split": split, **asdict(row)} for row in found]


def validate(examples: Examples, seed: int) -> list[dict[str, Any]]:
    """Return the quality, on the texts held out, of a model that learnt from the others."""
    apart = examples.held_out()
    return judge(train(examples, ~apart, "validation", seed), examples, apart, "rows held out")


def leave_out(examples: Examples, seed: int) -> list[dict[str, Any]]:
    """Return the quality on each corpus of a model that learnt from all the others."""
    rows: list[dict[str, Any]] = []
    corpora = np.unique(examples.corpus).tolist()
    for corpus in corpora if len(corpora) > 1 else []:
        apart = examples.corpus == corpus
        model = train(examples, ~apart, "validation", seed)
        rows += [row for row in judge(model, examples, apart, "corpus left out") if row["group"] == corpus]
    return rows
