"""Training: logistic regression by Adagrad, then one factor that puts the alert where it is precise enough."""

import math

import numpy as np
from numpy.typing import NDArray

from schemas.layout import Floats, Ints
from streams.compiled import compiled
from streams.fitting.ranks import cut_at
from streams.sentiment.examples import Examples, Label
from streams.sentiment.grams import BITS, Places
from streams.sentiment.model import Model

EPOCHS, STEP, FLOOR = 5, 0.2, 1e-3  # chosen on the validation split; FLOOR keeps the first step finite
# A neutral text is three quarters positive: with 1/2 its mean sentiment was -0.15 to -0.24, and a negative flag,
# which clears at a mean of 0, would have survived any number of neutral comments.
TARGETS = {Label.NEG: 0.0, Label.NEU: 0.75, Label.POS: 1.0}
FEWEST = 1_000  # of neg and of pos
ALERT = -0.6  # the sentiment that alarms by itself (``Params.mood_shock``)
SHARPEST, SATURATED = 4.0, 0.9999  # a factor beyond it makes every text certain; a sentiment that counts as 1
ALERT_PRECISION = 0.925  # among neg and pos, so that unseen texts stay above .9


@compiled
def epoch(
    places: Places, ends: Ints, target: Floats, order: Ints, step: float, weights: Floats, squares: Floats
) -> None:
    """Go over all texts once (Duchi et al., Adaptive Subgradient Methods, JMLR 2011); the last weight is the bias."""
    bias = len(weights) - 1
    for text in order:
        start = ends[text - 1] if text > 0 else 0
        stop = ends[text]
        if start == stop:
            continue
        total, norm = 0.0, 1.0 / math.sqrt(stop - start)
        for k in range(start, stop):
            total += weights[places[k]]
        slope = 1.0 / (1.0 + math.exp(-(weights[bias] + total * norm))) - target[text]
        squares[bias] += slope * slope
        weights[bias] -= step * slope / math.sqrt(squares[bias])
        slope *= norm
        for k in range(start, stop):
            place = places[k]
            squares[place] += slope * slope
            weights[place] -= step * slope / math.sqrt(squares[place])


def fit(examples: Examples, rows: NDArray[np.bool_], seed: int) -> Floats:
    """Return the weights that ``rows`` teach, the bias behind them."""
    target = np.zeros(len(examples.label))
    for label, value in TARGETS.items():
        target[examples.label == label] = value
    weights, squares = np.zeros((1 << BITS) + 1), np.full((1 << BITS) + 1, FLOOR)
    chance, picked = np.random.default_rng(seed), np.flatnonzero(rows)
    for n in range(EPOCHS):
        step = STEP * (1.0 - n / EPOCHS)
        epoch(examples.places, examples.ends, target, chance.permutation(picked), step, weights, squares)
    return weights


def sharpness(model: Model, examples: Examples, rows: NDArray[np.bool_]) -> float:
    """Return the factor for weights and bias at which the alert has its precision on ``rows``, at most ``SHARPEST``.

    It is 1 where no factor gives that precision.
    """
    picked = np.flatnonzero(rows & (examples.label != Label.NEU))
    sentiment = model.score([examples.texts[i] for i in picked])
    cut, _ = cut_at(-sentiment, examples.label[picked] == Label.NEG, ALERT_PRECISION)
    if math.isnan(cut):
        return 1.0
    return math.atanh(-ALERT) / max(math.atanh(min(cut, SATURATED)), math.atanh(-ALERT) / SHARPEST)


def train(examples: Examples, rows: NDArray[np.bool_], name: str, seed: int = 1) -> Model:
    """Return a model of all ``rows``; the factor is found on a tenth of them by one that did not see it.

    Raises:
        ValueError: too few of ``rows`` are positive or negative.
    """
    counts = {label: int((examples.label[rows] == label).sum()) for label in Label}
    if min(counts[Label.NEG], counts[Label.POS]) < FEWEST:
        found = f"{counts[Label.NEG]} neg and {counts[Label.POS]} pos"
        raise ValueError(f"at least {FEWEST} texts each of neg and pos are needed to train on, found {found}")
    apart = rows & examples.for_calibration()
    weights = fit(examples, rows & ~apart, seed)
    factor = sharpness(Model(weights[:-1], weights[-1], name), examples, apart)
    weights = factor * fit(examples, rows, seed)
    return Model(weights[:-1], weights[-1], name)
