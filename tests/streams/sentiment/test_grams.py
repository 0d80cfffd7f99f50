"""What a text is read as: the features of training and of scoring, which no version may change in silence."""

# ruff: noqa: RUF001  these are the very characters that the texts of fans have

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.sentiment import simplified
from streams.sentiment.characters import FOLD
from streams.sentiment.grams import BITS, places
from tests.streams.sentiment.simplified import TARGET, module


def seen(text: str) -> list[int]:
    found: list[int] = places([text])[0].tolist()
    return found


SAME = {
    "capitals": ("GOOD Service", "good service"),
    "capitals of other alphabets": ("ÉCOLE ПЛОХО", "école плохо"),
    "full-width forms": ("ＧＯＯＤ！", "good!"),
    "traditional characters": ("質量很好，客服態度惡劣", "质量很好，客服态度恶劣"),
    "variants that OpenCC leaves alone": ("妳瞭解牠", "你了解它"),
    "compatibility forms": ("ｶ ² 金 ⼀", "カ 2 金 一"),
    "apostrophes": ("I don't", "I dont"),
    "typeset apostrophes": ("I don’t", "I don't"),
    "numbers": ("等了3天", "等了12345天"),
    "names": ("@united why", "@jet_blue why"),
    "skin tones": ("👍🏻", "👍"),
    "variation selectors": ("❤️", "❤"),
    "joiners": ("👩‍🚒", "👩🚒"),
    "spaces": ("  好　吃\t\n", "好吃"),
    "repeats": ("哈哈哈哈", "哈哈哈哈哈哈哈哈哈"),
}
DIFFERENT = {
    "order": ("不是好", "好不是"),
    "one character": ("好", "坏"),
    "an emoji and another": ("👍", "👎"),
    "a word and its characters": ("bad", "b a d"),
    "a sign": ("真好", "真“好”"),
    "an address and an at sign": ("@", "@x"),
}


@pytest.mark.parametrize("name", SAME)
def test_read_as_one(name: str) -> None:
    one, other = SAME[name]
    assert seen(one) == seen(other)


@pytest.mark.parametrize("name", DIFFERENT)
def test_told_apart(name: str) -> None:
    one, other = DIFFERENT[name]
    assert seen(one) != seen(other)


@pytest.mark.parametrize(
    ("text", "grams"),
    [("好", 1), ("好吃", 3), ("很好吃", 6), ("质量很好", 9), ("not good", 3), ("好好好好", 3), ("", 0), (" \n", 0)],
)
def test_every_gram_of_one_to_three_tokens_counts_once(text: str, grams: int) -> None:
    assert len(seen(text)) == grams


def test_the_way_from_text_to_places_is_that_of_format_2() -> None:
    golden = {
        "很好": [119254, 58752, 236916],
        "not BAD 7": [112975, 154593, 249314, 216517, 184245, 209078],
        "😡": [59222],
        "@x": [32389],
    }
    assert {text: seen(text) for text in golden} == golden


@given(st.lists(st.text(max_size=30), max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_batch_is_its_texts_one_by_one(texts: list[str]) -> None:
    found, ends = places(texts)
    parts = np.split(found, ends[:-1]) if texts else []
    assert [part.tolist() for part in parts] == [seen(text) for text in texts]
    assert all(0 <= place < 1 << BITS for place in found.tolist())


def test_any_string_that_python_has_is_read() -> None:
    assert len(seen("\ud800\udfff")) == 3  # lone surrogates: JSON can carry them
    assert len(seen("\U0010ffff\x00x")) == 3


def test_no_character_folds_twice() -> None:
    assert (FOLD[FOLD] == FOLD).all()
    pairs = simplified.PAIRS.split()
    assert len({pair[0] for pair in pairs}) == len(pairs) > 3_000


def test_the_simplified_forms_are_those_of_opencc() -> None:
    assert module() == TARGET.read_text(encoding="utf-8")
