"""`fanpulse verify`: sampled fans recomputed from the input topics and compared with what is published."""

import sys

import click

from agents.cli.output import json_option, show, show_one
from agents.errors import Exit
from agents.settings import read

DIFFERENCE_COLUMNS = {"fan": "fan", "field": "field", "published": "published", "recomputed": "recomputed"}


@click.command()
@click.option("--fans", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Sample size.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed samples other fans."
)
@json_option
def verify(fans: int, seed: int, as_json: bool) -> None:
    """Recompute sampled fans from the input topics, and compare them with what is published.

    Reads the whole partitions of these fans, because duplicates are recognised per partition. Workers may keep running.
    Fans whose first records retention has deleted are left out. Exit code 1 if something differs.
    """
    from agents import brands as parameter_file
    from agents.sentiment_model import load_model
    from agents.verify.verify import verify as run

    settings = read()
    model = load_model(settings.sentiment_model)
    verdict = run(settings, parameter_file.brands(parameter_file.load(settings)), model.score, fans, seed)
    rows = [difference._asdict() for difference in verdict.differences]
    sums = {"fans": verdict.fans, "left_out": verdict.left_out, "events": verdict.events, "differences": len(rows)}
    if as_json:
        show_one({**sums, "found": rows}, as_json=True)
    else:
        if rows:
            show(rows, DIFFERENCE_COLUMNS, as_json=False)
        show_one(sums, as_json=False)
    if rows:
        sys.exit(Exit.FAILED)
