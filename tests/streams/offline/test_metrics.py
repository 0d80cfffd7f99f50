"""Ranking and the quality of a model: against the definitions, pair by pair."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.offline.metrics import auc, cut_at_precision, quality

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
    cut, recall = cut_at_precision(score, positive, precision)
    if good:
        assert (cut, recall) == (good[0], positive[score >= good[0]].sum() / positive.sum())
    else:
        assert np.isnan(cut)
        assert recall == 0.0


def test_quality_counts_neutral_texts_in_the_alert_apart() -> None:
    label = np.array([-1, -1, 1, 0], np.int8)
    found = quality("g", np.array([-0.9, -0.1, 0.5, -0.7]), label)
    assert (found.neg, found.neu, found.pos) == (2, 1, 1)
    assert (found.accuracy, found.auc, found.alert_precision, found.alert_recall) == (1.0, 1.0, 1.0, 0.5)
    assert (found.alert_precision_all, found.neutral_mean) == (0.5, -0.7)


def test_quality_of_nothing_is_no_number() -> None:
    found = quality("g", np.zeros(0), np.zeros(0, np.int8))
    assert np.isnan([found.accuracy, found.auc, found.alert_precision, found.neutral_mean]).all()
