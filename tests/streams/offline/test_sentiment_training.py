"""Training: it learns what texts say, the same each time, and never from what validates it."""

import numpy as np
import pytest

from streams.offline.metrics import ALERT, Label, quality
from streams.offline.sentiment_training import MAX_FACTOR, MIN_TEXTS, Examples, fit, sharpness, train
from streams.sentiment.grams import BITS
from streams.sentiment.model import SentimentModel

WORDS = {"pos": ("好", "喜欢", "great"), "neg": ("差", "退款", "awful"), "neu": ("发货", "几点", "today")}


def toy(each: int, noise: float = 0.0) -> Examples:
    rng = np.random.default_rng(1)
    rows = []
    for label, words in WORDS.items():
        for i in range(each):
            given = rng.choice(list(WORDS)) if rng.random() < noise else label
            rows.append(("toy", "zh" if i % 2 else "en", f"{words[i % 3]} n{i} {rng.integers(50)}x", str(given)))
    return Examples.of(rows)


TOY = toy(1_200)


def test_it_learns_and_its_validation_is_unseen() -> None:
    apart = TOY.is_hold_out()
    model = train(TOY, ~apart, "toy")
    picked = np.flatnonzero(apart)
    found = quality("all", model.score([TOY.texts[i] for i in picked]), TOY.label[picked])
    assert found.accuracy > 0.99
    assert found.auc > 0.99
    assert 0 < found.neg < 300
    assert found.neutral_mean > -0.6


def test_the_same_seed_makes_the_same_file() -> None:
    small = toy(2 * MIN_TEXTS + 400)
    rows = small.split % 2 == 0
    assert train(small, rows, "toy", seed=3).to_bytes() == train(small, rows, "toy", seed=3).to_bytes()


def test_too_few_texts_are_refused_with_the_count() -> None:
    few = toy(MIN_TEXTS - 1)
    with pytest.raises(ValueError, match="found 999 neg and 999 pos"):
        train(few, np.ones(len(few.label), np.bool_), "toy")


def test_neutral_texts_count_as_three_quarters_positive() -> None:
    rows = [("", "zh", "好" if i % 2 else "差", "pos" if i % 2 else "neg") for i in range(400)]
    examples = Examples.of([*rows, *[("", "zh", "发货", "neu")] * 400])
    weights, bias = fit(examples, np.ones(800, np.bool_), seed=1)
    neutral, good, bad = SentimentModel(weights, bias, "toy").score(["发货", "好", "差"])
    assert bad < 0.2 < neutral < 0.8 < good


def test_equal_texts_are_on_one_side() -> None:
    twice = Examples.of([("", "zh", "好吃", "pos"), ("", "zh", " 好吃\n", "neg"), ("", "zh", "难吃", "neg")])
    assert twice.split[0] == twice.split[1] != twice.split[2]


def test_sharpness_puts_the_alert_where_it_is_precise_enough() -> None:
    noisy = toy(1_500, noise=0.1)
    rows = noisy.is_hold_out()
    weights, bias = fit(noisy, ~rows, seed=1)
    factor = sharpness(SentimentModel(weights, bias, "toy"), noisy, rows)
    sharper = SentimentModel(factor * weights, factor * bias, "toy")
    picked = np.flatnonzero(rows & (noisy.label != Label.NEU))
    alert = sharper.score([noisy.texts[i] for i in picked]) <= ALERT
    is_negative = noisy.label[picked] == Label.NEG
    assert 1.0 < factor <= MAX_FACTOR
    assert is_negative[alert].mean() >= 0.92
    assert alert[is_negative].mean() > 0.8


def test_sharpness_leaves_alone_what_cannot_be_precise() -> None:
    noise = toy(1_000, noise=1.0)
    weights = np.zeros(1 << BITS)
    assert sharpness(SentimentModel(weights, 0.1, "toy"), noise, noise.is_hold_out()) == 1.0
