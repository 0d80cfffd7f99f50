"""Maximum likelihood of MBG/NBD, the model behind the churn deadline (Batislam, Denizel, Filiztekin, IJRM 2007).

A fan comes by a Poisson process whose rate is Gamma(r, alpha) among fans; after each visit, the first included, he
leaves for good with a probability that is Beta(a, b) among fans. All times are days.
"""

import math

import numpy as np
from msgspec import Struct

from schemas.layout import Floats
from streams.compiled import compiled
from streams.fitting.rhythm import Rhythms
from streams.fitting.simplex import minimise

FEWEST, FEWEST_REPEATERS = 500, 200
BOUND = math.log(1e3)  # of each parameter and its inverse: beyond it, the data do not say


class Churn(Struct, frozen=True):
    """The fitted parameters, by the names that ``Params`` has for them."""

    churn_r: float
    churn_alpha: float
    churn_a: float
    churn_b: float


@compiled
def log_likelihood(r: float, alpha: float, a: float, b: float, repeats: Floats, span: Floats, age: Floats) -> float:
    """Return the mean log-likelihood of a fan.

    >>> one = np.ones(1)
    >>> round(math.exp(log_likelihood(1.0, 1.0, 1.0, 1.0, 0 * one, 0 * one, one)), 6)  # 1/2 left at once + 1/2 * 1/2
    0.75
    """
    total = 0.0
    fixed = r * math.log(alpha) - math.lgamma(r) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for i in range(len(repeats)):
        x = repeats[i]
        # Beta(a, b + x + 1) for a fan still here, Beta(a + 1, b + x) for one who left after his last visit
        shared = math.lgamma(r + x) + math.lgamma(a) + math.lgamma(b + x) - math.lgamma(a + b + x + 1.0)
        here = math.log(b + x) - (r + x) * math.log(alpha + age[i])
        left = math.log(a) - (r + x) * math.log(alpha + span[i])
        high = max(here, left)
        total += fixed + shared + high + math.log(math.exp(here - high) + math.exp(left - high))
    return total / len(repeats)


def alive(churn: Churn, found: Rhythms) -> Floats:
    """Return P(alive) of each fan at the end of the history."""
    faded = ((churn.churn_alpha + found.age) / (churn.churn_alpha + found.span)) ** (churn.churn_r + found.repeats)
    probability: Floats = 1.0 / (1.0 + churn.churn_a / (churn.churn_b + found.repeats) * faded)
    return probability


def fit(found: Rhythms) -> Churn:
    """Return the parameters under which the history is likeliest.

    Raises:
        ValueError: fewer than 500 fans, or fewer than 200 who came on a second day.
    """
    repeaters = int((found.repeats > 0).sum())
    if len(found.fans) < FEWEST or repeaters < FEWEST_REPEATERS:
        raise ValueError(
            f"too few fans to learn from: {len(found.fans)}, of them {repeaters} who came on a second day; "
            f"{FEWEST} and {FEWEST_REPEATERS} are needed"
        )

    def loss(logs: Floats) -> float:
        if np.abs(logs).max() > BOUND:
            return math.inf
        r, alpha, a, b = np.exp(logs).tolist()
        return -log_likelihood(r, alpha, a, b, found.repeats, found.span, found.age)

    start = np.log([1.0, max(float(np.median(found.age)), 1.0) / 10.0, 1.0, 3.0])
    # A second start from where the first ended: a simplex can collapse on a ridge.
    logs = minimise(loss, minimise(loss, start, 1.0), 0.5)
    return Churn(*np.exp(logs).tolist())
