"""`fanpulse fit`: train a sentiment model on labelled texts, or fit a brand's churn parameters to its history."""

from datetime import datetime
from pathlib import Path

import click
import numpy as np
from msgspec.structs import asdict

from agents.cli.offline.options import (
    EXISTING,
    NEW,
    QUALITY,
    base_params,
    brand_option,
    date,
    end_of_day,
    figures,
)
from agents.cli.output import json_option, show
from agents.errors import ConfigError, FanpulseError
from agents.settings import read
from streams.fans.params import settings_of
from streams.rules import days

FIT_COLUMNS = {"brand": "brand", "fans": "fans", "repeaters": "repeaters", "churn_r": "r", "churn_alpha": "alpha (d)"}
FIT_COLUMNS |= {"churn_a": "a", "churn_b": "b", "activity_half_life": "half-life (d)", "alive_churned": "churned below"}
FIT_COLUMNS |= {"version": "version", "refused": "refused"}


@click.group()
def fit() -> None:
    """Train on labelled texts, or fit to a history."""


@fit.command(short_help="Train a sentiment model on labelled texts (CSV).")
@click.argument("csv", type=EXISTING)
@click.option("--out", required=True, type=NEW, help="The model file to write.")
@click.option("--name", default="", help="What the model is called.  [default: the name of the file]")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the order in which training takes the texts.")
@click.option("--leave-out", "by_corpus", is_flag=True, help="Also validate on each corpus by a model without it.")
@json_option
def sentiment(csv: Path, out: Path, name: str, seed: int, by_corpus: bool, as_json: bool) -> None:
    """Train a sentiment model on a CSV file (also .gz) with the columns lang, text, label (neg, neu, pos).

    A tenth of the texts, by hash, validates a model that has not seen them; the model that is written is then
    trained on all. A column corpus groups the table. FANPULSE_SENTIMENT_MODEL names the model a worker uses.
    """
    from agents.offline.texts import read_examples
    from streams.offline.sentiment_training import leave_out, train, validate

    examples = read_examples(csv)
    try:
        rows = [{"split": "rows held out", **asdict(row)} for row in validate(examples, seed)]
        if by_corpus:
            rows += [{"split": "corpus left out", **asdict(row)} for row in leave_out(examples, seed)]
        model = train(examples, np.ones(len(examples.label), np.bool_), name or out.stem, seed)
    except ValueError as error:
        raise FanpulseError(f"{csv}: {error}") from None
    try:
        out.write_bytes(model.to_bytes())
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from None
    show(rows if as_json else [figures(row) for row in rows], QUALITY, as_json=as_json)


@fit.command(short_help="Fit each brand's churn parameters to its history.")
@click.argument("history", type=EXISTING, required=False)
@click.option("--topics", is_flag=True, help="Read the input topics of FANPULSE_BROKER instead of a file.")
@brand_option
@click.option("--until", type=date, metavar="YYYY-MM-DD", help="Use only events up to this day (included).")
@click.option("--out", type=NEW, help="Parameter file to write into; other brands and numbers in it are kept.")
@json_option
def churn(
    history: Path | None, topics: bool, brand: str | None, until: datetime | None, out: Path | None, as_json: bool
) -> None:
    """Fit the churn parameters of each brand of HISTORY (JSONL as for `fanpulse load`, also .gz), or of the topics.

    Maximum likelihood of the model behind the deadline (r, alpha, a, b), the half-life of activity behind churn_risk,
    and the threshold of churned: no more false alarms than 60 days of silence would raise. FANPULSE_PARAMS names the
    file a worker uses. A brand with fewer than 500 fans, or 200 who came on a second day, is refused.
    """
    if (history is None) == (not topics):
        raise click.UsageError("give either a HISTORY file or --topics")
    from agents.offline.histories import read_histories, read_topics
    from agents.offline.params_file import FITTED, write_fitted
    from streams.offline.churn_fit import fit_churn
    from streams.offline.rhythm import rhythms

    rows, fitted = [], {}
    for name, found in (read_histories(history, brand) if history else read_topics(read(), brand)).items():
        base = base_params(name, out if out and out.exists() else None)
        end = end_of_day(until, base) if until else int(found.acts.at.max()) + 1
        fans = rhythms(found.acts, end, settings_of(base, days.Settings).utc_offset_minutes)
        row: dict[str, object] = {"brand": name, "fans": len(fans.fans), "repeaters": int((fans.repeats > 0).sum())}
        try:
            numbers = asdict(fit_churn(found.acts, end, base))
        except ValueError as error:
            row["refused"] = str(error)
        else:
            fitted[name] = {field: numbers[field] for field in FITTED}
            row |= fitted[name]
        rows.append(row)
    if not fitted:
        raise FanpulseError("; ".join(f"{row['brand']}: {row['refused']}" for row in rows))
    versions = write_fitted(out, fitted) if out else {}
    for row in rows:
        row["version"] = versions.get(str(row["brand"]))
    show(rows if as_json else [figures(row) for row in rows], FIT_COLUMNS, as_json=as_json)
