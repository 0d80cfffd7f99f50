"""`fanpulse topics`: create the topics, check them, copy the inputs, or print them for an operator."""

import sys

import click

from agents.cli.admin.manifest import manifest
from agents.cli.output import json_option, show, show_one
from agents.errors import Exit
from agents.kafka import topics as kafka_topics
from agents.kafka.copying import copy as copy_topics
from agents.settings import read


@click.group()
def topics() -> None:
    """Create, check or copy the topics."""


topics.add_command(manifest)


@topics.command(short_help="Create the topics that are missing.")
@json_option
def create(as_json: bool) -> None:
    """Create missing topics, with FANPULSE_PARTITIONS partitions and FANPULSE_REPLICATION replicas.

    If some topics exist already, the new ones get the same partition count. Existing topics are not changed.
    """
    settings = read()
    made = set(kafka_topics.create(settings))
    rows = [
        {
            "topic": spec.name,
            "state": "created" if spec.name in made else "exists",
            "cleanup": spec.cleanup,
            "about": spec.about,
        }
        for spec in settings.names.specs()
    ]
    columns = {"topic": "topic", "state": "state", "cleanup": "cleanup", "about": "what it holds"}
    show(rows, columns, as_json=as_json)


@topics.command(short_help="Check names, partition counts and cleanup policies.")
@json_option
def check(as_json: bool) -> None:
    """Check that all topics exist, with equal partition counts and the right cleanup policies.

    Exit code 1 if something is wrong; each line says what to do about it.
    """
    problems = kafka_topics.check(read())
    if as_json:
        show_one({"ok": not problems, "problems": problems}, as_json=True)
    else:
        for problem in problems or ["all topics exist and are configured correctly"]:
            click.echo(problem)
    if problems:
        sys.exit(Exit.FAILED)


@topics.command(short_help="Copy the input topics to ones with another partition count.")
@click.option("--to-prefix", required=True, help="Prefix of the topics to copy to; they must exist.")
@json_option
def copy(to_prefix: str, as_json: bool) -> None:
    """Copy the input topics to those with another prefix; each key goes to the partition it belongs to there.

    Call it again to copy what has arrived since, so that producers can move one by one. Copy one last time when no
    producer writes here any more.

    Each record is copied exactly once and in the order of its partition, even if a copy is interrupted or killed: call
    it again and it continues. If a topic on either side was deleted and created again, it is copied from the beginning.
    """
    done = copy_topics(read(), to_prefix)
    for topic in done.started_over:
        reason = "it or its target was created again since the last copy, so it was copied from the beginning"
        click.echo(f"fanpulse: {topic}: {reason}", err=True)
    show_one({**done.sent, "left_out": done.left_out}, as_json=as_json)
