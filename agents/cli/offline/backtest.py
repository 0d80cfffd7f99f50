"""`fanpulse backtest`: how good churn risk, churn flag and sentiment are, on data of your own or of known truth."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from msgspec.structs import asdict

from agents.cli.offline.options import (
    EXISTING,
    QUALITY,
    base_params,
    brand_option,
    chosen_model,
    date,
    end_of_day,
    figures,
    model_option,
)
from agents.cli.output import json_option, show
from agents.errors import FanpulseError
from streams.fans.params import Params, settings_of
from streams.rules import churn as churn_rule
from streams.rules.rule import DAY

if TYPE_CHECKING:
    from streams.offline.replay import History

CHURN_COLUMNS = {"brand": "brand", "group": "fans", "fans": "number", "came_back": "came back", "base_rate": "share"}
CHURN_COLUMNS |= {"churn_risk": "AUC: churn_risk", "silence": "silence", "p_alive": "P(alive)"}
CHURN_COLUMNS |= {"parameters": "parameters", "activity_half_life": "half-life (d)"}
FLAG_COLUMNS = {
    "rule": "rule",
    "false_per_fan_year": "false flags per fan-year",
    "median_days": "median days to the flag",
}
FLAG_COLUMNS |= {"leavers": "leavers", "found": "found"}


@click.group()
def backtest() -> None:
    """Measure churn risk, churn flag and sentiment on what is known."""


@backtest.command(short_help="Judge churn_risk by who came back, on a history.")
@click.argument("history", type=EXISTING)
@click.option(
    "--until", required=True, type=date, metavar="YYYY-MM-DD", help="The last day that is known, in the brand's time."
)
@click.option("--hold-out-days", type=click.IntRange(min=1), help="Days to predict.  [default: to the end]")
@click.option("--params", type=EXISTING, help="Use this parameter file instead of fitting on what is known.")
@brand_option
@json_option
def churn(
    history: Path, until: datetime, hold_out_days: int | None, params: Path | None, brand: str | None, as_json: bool
) -> None:
    """Predict from HISTORY (JSONL as for `fanpulse load`, also .gz) up to a day who comes back after it.

    The history runs through a worker's task up to the end of that day; then each fan's published churn_risk is judged
    by who came afterwards (AUC: 0.5 is chance, 1 is perfect), next to plain silence and P(alive). Without --params the
    parameters are fitted first, on the events up to that day alone; where these are too few, those of FANPULSE_PARAMS
    or the defaults are used.
    """
    from agents.offline.histories import read_histories
    from streams.offline.backtest import backtest_risk

    rows = []
    for name, found in read_histories(history, brand).items():
        in_force = base_params(name, params)
        cut = end_of_day(until, in_force)
        end = cut + hold_out_days * DAY if hold_out_days else int(found.acts.at.max()) + 1
        _check(found, cut, f"{history}: brand {name} has no event {{}} {until:%Y-%m-%d}")
        used, origin = (in_force, "of the file") if params else _fitted(found, cut, in_force)
        try:
            verdicts = backtest_risk(found, name, used, cut, end)
        except ValueError as error:
            raise FanpulseError(f"{history}: {error}") from None
        settings = settings_of(used, churn_rule.Settings)
        common = {"parameters": origin, "activity_half_life": settings.activity_half_life}
        common |= {"until": f"{until:%Y-%m-%d}", "hold_out_days": round((end - cut) / DAY, 1)}
        rows += [{"brand": name, **asdict(verdict), **common} for verdict in verdicts]
    show(rows if as_json else [figures(row) for row in rows], CHURN_COLUMNS, as_json=as_json)


def _check(found: "History", cut: int, sentence: str) -> None:
    early = int((found.acts.at < cut).sum())
    if early == 0:
        raise FanpulseError(sentence.format("up to"))
    if early == len(found.records):
        raise FanpulseError(sentence.format("after"))


def _fitted(found: "History", cut: int, base: Params) -> tuple[Params, str]:
    from streams.offline.churn_fit import fit_churn

    try:
        return fit_churn(found.acts, cut, base), "fitted up to that day"
    except ValueError:
        return base, "not fitted: too few fans"


@backtest.command(short_help="Judge the sentiment model by labelled texts (CSV).")
@click.argument("csv", type=EXISTING)
@model_option
@json_option
def sentiment(csv: Path, model: str, as_json: bool) -> None:
    """Judge the sentiment model by a CSV file (also .gz) with the columns lang, text, label (neg, neu, pos).

    Accuracy, AUC, precision and recall are about neg against pos; the alert is a sentiment of -0.6 or less.
    """
    from agents.offline.texts import read_examples
    from streams.offline.sentiment_training import judge

    examples = read_examples(csv)
    found = judge(chosen_model(model), examples, np.ones(len(examples.label), np.bool_))
    rows = [{"split": "all rows", **asdict(row)} for row in found]
    show(rows if as_json else [figures(row) for row in rows], QUALITY, as_json=as_json)


@backtest.command(short_help="Judge the churn flag on simulated leavers.")
@click.option("--fans", type=click.IntRange(200, 100_000), default=2_000, show_default=True, help="How many.")
@click.option("--days", type=click.IntRange(365, 3_650), default=540, show_default=True, help="How long it is watched.")
@click.option("--stay", type=click.IntRange(10, 3_650), default=200, show_default=True, help="Days a fan stays, mean.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the population.")
@json_option
def flags(fans: int, days: int, stay: int, seed: int, as_json: bool) -> None:
    """Judge the churn flag on simulated fans who come every 0.6 to 45 days and leave on a known day.

    Their visits run through a worker's task. A flag is false while the fan is still there.
    Parameters are fitted to another population of the same kind.
    """
    from streams.offline.backtest import backtest_flags

    try:
        rows = [asdict(found) for found in backtest_flags(fans, days, stay, seed)]
    except ValueError as error:
        raise FanpulseError(f"nothing can be fitted to these fans: {error}") from None
    show(rows if as_json else [figures(row) for row in rows], FLAG_COLUMNS, as_json=as_json)
