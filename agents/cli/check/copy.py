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

    Called again it copies what came since, so that producers can move one after another. Copy once more when no
    producer writes here any more.

    Each record is copied once, in the order of its partition, also when a copy is interrupted or killed: call it again
    and it goes on. Topics that were deleted and created again, here or there, are copied from their beginning.
    """
    done = copy_topics(read(), to_prefix)
    for topic in done.started_over:
        said = "this topic or the one to copy to was created again since the last copy: copied from its beginning"
        click.echo(f"fanpulse: {topic}: {said}", err=True)
    show_one({**done.sent, "left_out": done.left_out}, as_json=as_json)
