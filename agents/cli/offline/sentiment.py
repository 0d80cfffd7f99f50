"""`fanpulse sentiment`: what the model says of a text."""

import sys
from itertools import islice

import click

from agents.cli.offline.options import chosen_model, model_option

TEXTS_PER_BATCH = 256


@click.group()
def sentiment() -> None:
    """Score texts with the sentiment model."""


@sentiment.command(short_help="Score texts from standard input, one a line.")
@model_option
def score(model: str) -> None:
    """Read one text a line from standard input, print one number a line: -1 (angry) to 1 (glad), 0 for no words.

    A comment at -0.6 or less raises the negative flag by itself.
    """
    scorer = chosen_model(model)
    size = 1 if sys.stdin.isatty() else TEXTS_PER_BATCH  # a person at a terminal waits for each answer
    while lines := list(islice(sys.stdin.buffer, size)):
        texts = [line.rstrip(b"\r\n").decode(errors="replace") for line in lines]
        click.echo("\n".join(f"{value:.4f}" for value in scorer.score(texts).tolist()))
