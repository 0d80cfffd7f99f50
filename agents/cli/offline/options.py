"""What the offline commands share: their options, and how figures and days are read and shown."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from agents import brands
from agents.sentiment_model import load_model
from agents.settings import read
from streams.fans.model import MODEL
from streams.fans.params import Params, settings_of
from streams.rules import days
from streams.rules.rule import DAY
from streams.sentiment.model import SentimentModel

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)

QUALITY = {"split": "split", "group": "texts", "neg": "neg", "neu": "neu", "pos": "pos", "accuracy": "accuracy"}
QUALITY |= {"auc": "AUC", "alert_precision": "alert: precision", "alert_recall": "recall"}
QUALITY |= {"alert_precision_all": "precision with neu", "recall_at_90": "recall at .9", "neutral_mean": "mean of neu"}

brand_option = click.option("--brand", help="Only this brand.  [default: every brand of the file]")
date = click.DateTime(formats=["%Y-%m-%d"])
model_option = click.option(
    "--model",
    default="",
    help="A model file of your own.  [default: FANPULSE_SENTIMENT_MODEL, else the one that ships]",
)


def chosen_model(path: str) -> SentimentModel:
    """Return the model of a file, else of FANPULSE_SENTIMENT_MODEL, else the one that ships."""
    return load_model(path or read().sentiment_model)


def base_params(brand: str, path: Path | None) -> Params:
    """Return the brand's parameters: of a file, or of FANPULSE_PARAMS, or the defaults."""
    settings = read()
    file = brands.load(replace(settings, params=str(path)) if path else settings)
    named = file.brands.get(brand, file.default)
    return settings_of(named, MODEL.params)


def end_of_day(day: datetime, params: Params) -> int:
    """Return the moment, in ms, at which a day of the brand's calendar is over.

    >>> end_of_day(datetime(1970, 1, 1), MODEL.params()) / 3_600_000
    16.0
    """
    offset = settings_of(params, days.Settings).utc_offset_minutes
    return int(day.replace(tzinfo=UTC).timestamp() * 1000) + DAY - offset * 60_000


def figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its fractions as text of three decimals: two would hide what a back-test is about.

    >>> figures({"n": 3, "auc": 0.76816, "none": math.nan})
    {'n': 3, 'auc': '0.768', 'none': '-'}
    """
    return {name: _figure(value) for name, value in row.items()}


def _figure(value: object) -> object:
    if not isinstance(value, float):
        return value
    return "-" if math.isnan(value) else f"{value:.3f}"
