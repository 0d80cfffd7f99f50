"""The model: a file that is read back as it was, and a score that does not depend on its neighbours."""

# ruff: noqa: RUF001  these are the very characters that the texts of fans have

import os
import time
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.sentiment.grams import BITS
from streams.sentiment.model import FILE_BYTES, FILE_HEADER, SHIPPED, SentimentModel, from_bytes, shipped

MODEL = shipped()
TEXT = "客服态度很差，等了三个小时也没人理，再也不会买了！"
PLAIN = bool(os.environ.get("NUMBA_DISABLE_JIT"))


def changed(at: int, value: bytes) -> bytes:
    data = MODEL.to_bytes()
    return data[:at] + value + data[at + len(value) :]


def test_the_file_is_what_it_was_read_from() -> None:
    assert MODEL.to_bytes() == SHIPPED.read_bytes()
    assert from_bytes(MODEL.to_bytes()).score([TEXT]).tolist() == MODEL.score([TEXT]).tolist()


def test_the_shipped_file_is_small() -> None:
    assert SHIPPED.stat().st_size == FILE_BYTES == 524_352


def test_golden_header_of_format_2() -> None:
    data = SentimentModel(np.zeros(1 << BITS), 0.5, "mine").to_bytes()
    body = bytes(2 << BITS)
    wanted = b"FPSM" + b"\x02\x00" + b"\x12\x00" + b"\x00\x00\x00\x3f" + crc32(body).to_bytes(4, "little")
    assert data == wanted + b"mine".ljust(48, b"\0") + body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin with FPSM"),
        (b"FPSM", "does not begin with FPSM"),
        (b"x" * FILE_BYTES, "does not begin with FPSM"),
        (changed(4, b"\x01"), "format 1"),
        (changed(6, b"\x14"), "20 bits"),
        (MODEL.to_bytes()[:-2], "damaged"),
        (MODEL.to_bytes() + b"\0", "damaged"),
        (changed(FILE_HEADER.itemsize + 999, bytes([MODEL.to_bytes()[FILE_HEADER.itemsize + 999] ^ 1])), "damaged"),
    ],
)
def test_a_file_that_is_no_model_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        from_bytes(data)


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        SentimentModel(np.full(1 << BITS, np.nan), 0.0, "x")
    with pytest.raises(ValueError, match="finite"):
        SentimentModel(np.zeros(8), 0.0, "x")
    with pytest.raises(ValueError, match="48 bytes"):
        SentimentModel(np.zeros(1 << BITS), 0.0, "名" * 17)


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_score_is_in_range_and_its_neighbours_do_not_matter(texts: list[str]) -> None:
    scores = MODEL.score(texts)
    assert scores.dtype == np.float64
    assert (np.abs(scores) <= 1.0).all()
    assert scores.tolist() == [MODEL.score([text])[0] for text in texts]


def test_a_text_without_words_has_no_sentiment() -> None:
    assert MODEL.score(["", "  \u200b\n"]).tolist() == [0.0, 0.0]
    assert MODEL.score([]).tolist() == []


def test_the_longest_comment_is_scored() -> None:
    assert MODEL.score([TEXT * 100])[0] < -0.6


@pytest.mark.skipif(PLAIN, reason="speed is a claim about the compiled kernel")
def test_a_comment_costs_under_15_us_in_batches_of_256() -> None:
    batch = [TEXT + str(i) for i in range(256)]
    MODEL.score(batch)
    spent = []
    for _ in range(20):
        start = time.perf_counter()
        MODEL.score(batch)
        spent.append(time.perf_counter() - start)
    assert min(spent) / 256 < 15e-6
