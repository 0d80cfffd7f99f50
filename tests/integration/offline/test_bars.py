"""What was promised of sentiment and churn risk, on real data."""

import csv
import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from agents.cli.offline.backtest import backtest
from agents.offline.texts import read_examples
from streams.offline.metrics import Quality, quality
from streams.offline.sentiment_training import Examples, train
from streams.sentiment.model import SentimentModel
from tests.needed import need

DATA = Path(__file__).parents[4] / "shared" / "data"
HOUR_MS = 3_600_000


@pytest.fixture(scope="module", autouse=True)
def data() -> None:
    need(DATA.is_dir(), "the data sets are missing: they are expected next to the checkout, in ../shared/data")


@pytest.fixture(scope="module")
def examples() -> Examples:
    return read_examples(DATA / "sentiment" / "train.csv.gz")


@pytest.fixture(scope="module")
def by_row(examples: Examples) -> SentimentModel:
    """A model that has not seen a tenth of the texts."""
    return train(examples, ~examples.is_hold_out(), "validation")


def judged(model: SentimentModel, examples: Examples, apart: np.ndarray, lang: str) -> Quality:
    picked = np.flatnonzero(apart & (examples.lang == lang))
    return quality(lang, model.score([examples.texts[i] for i in picked]), examples.label[picked])


def test_chinese_held_out_by_row(by_row: SentimentModel, examples: Examples) -> None:
    found = judged(by_row, examples, examples.is_hold_out(), "zh")
    assert found.neg + found.pos > 10_000
    assert found.accuracy >= 0.86
    assert found.auc >= 0.935
    assert found.alert_precision >= 0.9
    assert found.alert_recall >= 0.8


def test_english_held_out_by_row(by_row: SentimentModel, examples: Examples) -> None:
    found = judged(by_row, examples, examples.is_hold_out(), "en")
    assert found.neg + found.pos > 1_000
    assert found.accuracy >= 0.77


@pytest.mark.parametrize(
    ("corpus", "accuracy", "auc"), [("shopping", 0.86, 0.93), ("smp_usual", 0.8, 0.88), ("weibo2018", 0.72, 0.83)]
)
def test_a_corpus_left_out_costs_what_the_model_card_says(
    examples: Examples, corpus: str, accuracy: float, auc: float
) -> None:
    apart = examples.corpus == corpus
    found = judged(train(examples, ~apart, "validation"), examples, apart, "zh")
    assert found.accuracy >= accuracy
    assert found.auc >= auc


def history(file: Path, events: Iterable[dict[str, Any]]) -> Path:
    with gzip.open(file, "wt", compresslevel=1) as out:
        for n, event in enumerate(events):
            out.write(json.dumps({"event_id": f"e{n}", "brand_id": "b", "platform": "p", **event}) + "\n")
    return file


def purchases() -> Iterable[dict[str, Any]]:
    with gzip.open(DATA / "churn" / "cdnow_master.txt.gz", "rt") as file:
        for line in list(file)[1:]:
            customer, day, *_ = line.split()
            at = int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1000 + 4 * HOUR_MS
            order = {"order_id": "o", "amount_minor": 1, "currency": "USD"}
            yield {"topic": "purchases", "fan_id": customer, "event_time": at, **order}


def messages() -> Iterable[dict[str, Any]]:
    with gzip.open(DATA / "churn" / "collegemsg.txt.gz", "rt") as file:
        for sender, _, seconds in csv.reader(file, delimiter=" "):
            yield {"topic": "comments", "fan_id": sender, "event_time": int(seconds) * 1000, "sentiment": 0.0}


def auc(file: Path, *words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(backtest, ["churn", str(file), *words, "--json"], catch_exceptions=False)
    rows: list[dict[str, Any]] = json.loads(done.output)
    assert {row["parameters"] for row in rows} == {"fitted up to that day"}
    return rows


def test_cdnow(tmp_path: Path) -> None:
    everybody, repeaters = auc(history(tmp_path / "h.jsonl.gz", purchases()), "--until", "1997-09-30")
    assert (everybody["fans"], round(everybody["base_rate"], 3)) == (23_570, 0.299)
    assert everybody["churn_risk"] >= 0.76
    assert repeaters["churn_risk"] >= 0.72
    for row in (everybody, repeaters):
        assert row["churn_risk"] > max(row["silence"], row["p_alive"])


@pytest.mark.parametrize("until", ["2004-05-30", "2004-09-26"])  # 54 % and 12 % write again within 30 days
def test_collegemsg(until: str, tmp_path: Path) -> None:
    file = history(tmp_path / "h.jsonl.gz", messages())
    everybody, repeaters = auc(file, "--until", until, "--hold-out-days", "30")
    assert everybody["churn_risk"] >= 0.84
    assert repeaters["churn_risk"] >= 0.81
    for row in (everybody, repeaters):
        assert row["churn_risk"] > max(row["silence"], row["p_alive"])
