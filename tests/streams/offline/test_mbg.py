"""The fit of MBG/NBD: the likelihood of the paper, and the truth of a population that follows it."""

import math

import numpy as np
import pytest
from msgspec.structs import replace

from streams.fans.model import MODEL
from streams.fans.params import table
from streams.offline.mbg import Churn, alive, fit, log_likelihood
from streams.offline.rhythm import Rhythms
from streams.rules.churn import allowed_silence

TRUTH = Churn(churn_r=1.2, churn_alpha=6.0, churn_a=1.0, churn_b=5.0)


def population(fans: int, seed: int) -> Rhythms:
    """Fans that follow the model itself, watched for 30 to 300 days."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(TRUTH.churn_r, 1.0 / TRUTH.churn_alpha, fans)
    leave = chance.beta(TRUTH.churn_a, TRUTH.churn_b, fans)
    age = chance.uniform(30.0, 300.0, fans)
    repeats, span = np.zeros(fans), np.zeros(fans)
    here = chance.random(fans) >= leave  # who leaves after the first visit is not seen again
    now = np.zeros(fans)
    while here.any():
        now += chance.exponential(1.0, fans) / rate
        here &= now < age
        repeats[here] += 1
        span[here] = now[here]
        here &= chance.random(fans) >= leave
    return Rhythms(np.arange(fans), repeats, span, age)


POPULATION = population(2_000, seed=1)


def picked(rows: np.ndarray) -> Rhythms:
    """Return some fans of the population, in the order of ``rows``."""
    fans, repeats, span, age = POPULATION
    return Rhythms(fans[rows], repeats[rows], span[rows], age[rows])


def test_likelihood_is_the_papers() -> None:
    def beta(p: float, q: float) -> float:
        return math.gamma(p) * math.gamma(q) / math.gamma(p + q)

    r, alpha, a, b = 0.8, 3.0, 1.5, 2.5
    for x, span, age in ((0, 0.0, 7.0), (1, 2.0, 9.0), (6, 20.0, 21.0)):
        here = beta(a, b + x + 1) / beta(a, b) / (alpha + age) ** (r + x)
        left = beta(a + 1, b + x) / beta(a, b) / (alpha + span) ** (r + x)
        wanted = math.log(math.gamma(r + x) * alpha**r / math.gamma(r) * (here + left))
        found = log_likelihood(r, alpha, a, b, np.full(1, float(x)), np.full(1, span), np.full(1, age))
        assert math.isclose(found, wanted, rel_tol=1e-9)


def test_a_short_watch_sees_none_or_one_and_little_else() -> None:
    """The likelihoods of no visit and of one, over all its moments, add up to nearly 1."""
    watched, ones = 0.4, np.ones(1)
    age = watched * ones
    none = math.exp(log_likelihood(1.0, 2.0, 1.0, 1.0, 0 * ones, 0 * ones, age))
    moments = np.linspace(0.0, watched, 101)
    once = np.trapezoid([math.exp(log_likelihood(1.0, 2.0, 1.0, 1.0, ones, t * ones, age)) for t in moments], moments)
    assert 0.98 < none + once < 1.0


def test_the_truth_of_a_population_is_found() -> None:
    found = fit(POPULATION)
    mean_rate, true_rate = found.churn_r / found.churn_alpha, TRUTH.churn_r / TRUTH.churn_alpha
    mean_leave = found.churn_a / (found.churn_a + found.churn_b)
    true_leave = TRUTH.churn_a / (TRUTH.churn_a + TRUTH.churn_b)
    assert abs(mean_rate / true_rate - 1) < 0.15
    assert abs(mean_leave / true_leave - 1) < 0.15
    columns = POPULATION.repeats, POPULATION.span, POPULATION.age
    true = (TRUTH.churn_r, TRUTH.churn_alpha, TRUTH.churn_a, TRUTH.churn_b)
    best = (found.churn_r, found.churn_alpha, found.churn_a, found.churn_b)
    assert log_likelihood(*best, *columns) >= log_likelihood(*true, *columns)


def test_the_order_of_the_fans_does_not_matter() -> None:
    order = np.random.default_rng(3).permutation(len(POPULATION.fans))
    assert fit(picked(order)) == fit(POPULATION)


def test_the_deadline_is_where_p_alive_falls_to_the_threshold() -> None:
    params = replace(MODEL.params(), churn_r=1.2, churn_alpha=6.0, churn_a=1.0, churn_b=5.0)
    row = table(MODEL.params_dtype, MODEL.kinds, [params])[0]
    for repeats, span, threshold in ((3, 20.0, 0.5), (9, 40.0, 0.2), (30, 90.0, 0.35)):
        days = float(allowed_silence(repeats, span, threshold, row))
        found = Rhythms(np.zeros(1, np.int64), np.full(1, float(repeats)), np.full(1, span), np.full(1, span + days))
        assert abs(alive(TRUTH, found)[0] - threshold) < 1e-9


@pytest.mark.parametrize(("fans", "reason"), [(499, "too few fans to fit to: 499"), (0, "too few fans to fit to: 0")])
def test_too_few_fans_are_refused_with_the_count(fans: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fit(picked(np.arange(fans)))


def test_too_few_repeaters_are_refused() -> None:
    once = np.zeros(1_000)
    with pytest.raises(ValueError, match="of them 0 who came on a second day"):
        fit(Rhythms(np.arange(1_000), once, once, once + 9.0))
