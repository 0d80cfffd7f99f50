"""`fanpulse topics copy`: the inputs into topics with another partition count."""

import click

from agents.cli.output import json_option, show_one
from agents.kafka.copying import copy as copy_topics
from agents.settings import read


@click.command(short_help="Copy the input topics to others with another partition count.")
@click.option("--to-prefix", required=True, help="Before the names of the topics to copy to; they must exist.")
@json_option
def copy(to_prefix: str, as_json: bool) -> None:
    """Copy the input topics to those of another prefix, where keys may have other partitions.

    Called again it copies what came since, so that producers can move one after another. Copy from a place to which
    producers write no more once more at the end. A copy that was interrupted repeats up to 20,000 records a partition.
    """
    done = copy_topics(read(), to_prefix)
    show_one({**done.sent, "left_out": done.left_out}, as_json=as_json)
