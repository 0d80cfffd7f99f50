"""`fanpulse topics`: create the topics, say what is wrong with them, copy them, or print them for an operator."""

import sys

import click

from agents.cli.check.copy import copy
from agents.cli.check.manifest import manifest
from agents.cli.output import json_option, show, show_one
from agents.errors import Exit
from agents.kafka import topics as kafka_topics
from agents.settings import read


@click.group()
def topics() -> None:
    """Create, check or copy the topics."""


topics.add_command(copy)
topics.add_command(manifest)


@topics.command(short_help="Create the topics that are missing.")
@json_option
def create(as_json: bool) -> None:
    """Create what is missing, with FANPULSE_PARTITIONS partitions and FANPULSE_REPLICATION replicas.

    Where some of the topics exist already, the others get their partition count.
    """
    settings = read()
    made = set(kafka_topics.create(settings))
    rows = [
        {
            "topic": spec.name,
            "state": "created" if spec.name in made else "there",
            "cleanup": spec.cleanup,
            "about": spec.about,
        }
        for spec in settings.names.specs()
    ]
    columns = {"topic": "topic", "state": "", "cleanup": "cleanup", "about": "what it holds"}
    show(rows, columns, as_json=as_json)


@topics.command(short_help="Check names, partition counts and cleanup.")
@json_option
def check(as_json: bool) -> None:
    """Check that all topics exist, with equal partition counts and the right cleanup policy."""
    problems = kafka_topics.check(read())
    if as_json:
        show_one({"ok": not problems, "problems": problems}, as_json=True)
    else:
        for problem in problems or ["all topics are as they must be"]:
            click.echo(problem)
    if problems:
        sys.exit(Exit.FAILED)
