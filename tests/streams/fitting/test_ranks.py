"""How well a number ranks: against the definition, pair by pair."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.fitting.ranks import auc, cut_at

MARKED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=25)


@given(MARKED)
@settings(max_examples=150, deadline=None)
def test_auc_is_the_share_of_pairs_in_order(marked: list[tuple[int, bool]]) -> None:
    score = np.array([float(value) for value, _ in marked])
    positive = np.array([is_one for _, is_one in marked], np.bool_)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]]
    if pairs:
        assert abs(auc(score, positive) - sum(pairs) / len(pairs)) < 1e-12
    else:
        assert np.isnan(auc(score, positive))


@given(MARKED, st.sampled_from([0.5, 0.75, 0.9, 1.0]))
@settings(max_examples=150, deadline=None)
def test_cut_is_the_lowest_that_is_precise_enough(marked: list[tuple[int, bool]], precision: float) -> None:
    score = np.array([float(value) for value, _ in marked])
    positive = np.array([is_one for _, is_one in marked], np.bool_)
    good = [cut for cut in sorted(set(score)) if positive[score >= cut].mean() >= precision and positive.any()]
    cut, recall = cut_at(score, positive, precision)
    if good:
        assert (cut, recall) == (good[0], positive[score >= good[0]].sum() / positive.sum())
    else:
        assert np.isnan(cut)
        assert recall == 0.0
