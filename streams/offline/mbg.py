"""Maximum likelihood of MBG/NBD, the model behind the churn deadline (Batislam, Denizel, Filiztekin, IJRM 2007).

Visits of a fan are a Poisson process whose rate is Gamma(r, alpha) among fans; after each visit, the first included, a
fan leaves for good with a probability that is Beta(a, b) among fans. All times are days.
"""

import math

import numpy as np
from msgspec import Struct
from scipy.optimize import minimize

from schemas.row import Floats
from streams.compiled import compiled
from streams.offline.rhythm import Rhythms

MIN_MBG_FANS, MIN_REPEATERS = 500, 200
BOUND = math.log(1e3)  # of each parameter and its inverse: beyond it, the data do not tell


class Churn(Struct, frozen=True):
    """The fitted parameters, by their names in the settings of the rule churn."""

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
        # Beta(a, b + x + 1) for a fan still here, Beta(a + 1, b + x) for one who left after the last visit
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
    if len(found.fans) < MIN_MBG_FANS or repeaters < MIN_REPEATERS:
        raise ValueError(
            f"too few fans to fit to: {len(found.fans)}, of them {repeaters} who came on a second day; "
            f"{MIN_MBG_FANS} and {MIN_REPEATERS} are needed"
        )

    # In an order of their own: sums depend on it in the last digits, and the same history must give the same numbers.
    order = np.lexsort((found.age, found.span, found.repeats))
    repeats, span, age = found.repeats[order], found.span[order], found.age[order]

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs).tolist()
        return -log_likelihood(r, alpha, a, b, repeats, span, age)

    start = np.log([1.0, max(float(np.median(age)), 1.0) / 10.0, 1.0, 3.0])
    # Stricter than scipy's defaults: the likelihood has a ridge along which r and alpha grow together.
    strict = {"ftol": 1e-12, "gtol": 1e-7}
    best = minimize(loss, start, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * len(start), options=strict)
    return Churn(*np.exp(best.x).tolist())
