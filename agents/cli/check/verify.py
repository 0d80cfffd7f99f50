"""`fanpulse verify`: sampled fans worked out anew from the input topics, beside what is published."""

import os
import sys

import click

from agents.cli.output import json_option, show, show_one
from agents.errors import Exit
from agents.settings import read

COLUMNS = {"fan": "fan", "field": "field", "published": "published", "recomputed": "recomputed"}


@click.command()
@click.option("--fans", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many to sample.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another number samples other fans."
)
@json_option
def verify(fans: int, seed: int, as_json: bool) -> None:
    """Work out sampled fans from nothing, by the plain rules, and compare with what is published.

    Reads all input topics once; workers may score meanwhile. Exit code 1: something differs. Fans whose first records
    retention has removed are left out.
    """
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # before the rules are loaded: plain Python, not the kernel
    from agents import brands as parameter_file
    from agents.sentiment_model import load_model
    from agents.verify.verify import verify as run

    settings = read()
    model = load_model(settings.sentiment_model)
    verdict = run(settings, parameter_file.brands(parameter_file.load(settings)), model.score, fans, seed)
    rows = [difference._asdict() for difference in verdict.differences]
    told = {"fans": verdict.fans, "left_out": verdict.left_out, "events": verdict.events, "differences": len(rows)}
    if as_json:
        show_one({**told, "found": rows}, as_json=True)
    else:
        if rows:
            show(rows, COLUMNS, as_json=False)
        show_one(told, as_json=False)
    if rows:
        sys.exit(Exit.FAILED)
