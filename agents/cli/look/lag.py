"""`fanpulse lag`: the consumer lag of the workers, by topic or by partition."""

import click

from agents.cli.output import Row, json_option, show
from agents.kafka.connection import admin
from agents.kafka.offsets import Position, positions
from agents.kafka.topics import ensure
from agents.settings import read

COLUMNS = {"topic": "topic", "partition": "partition", "committed": "committed", "end": "end", "lag": "lag"}


@click.command()
@click.option("--partitions", is_flag=True, help="A line per partition.")
@json_option
def lag(partitions: bool, as_json: bool) -> None:
    """Show the records that the group has yet to score, and those that retention took before it could."""
    settings = read()
    names = settings.names
    counts = dict.fromkeys(names.inputs, ensure(settings))
    with admin(settings) as client:
        found = positions(client, settings.group, counts)
    rows = [_row(one) for one in found] if partitions else [_sum(topic, found) for topic in counts]
    columns = COLUMNS if partitions else {name: said for name, said in COLUMNS.items() if name != "partition"}
    if any(row["lost"] for row in rows):
        columns = columns | {"lost": "lost to retention"}
    show(rows, columns, as_json=as_json, style=lambda row: "red" if row["lost"] else "")
    if not as_json:
        waiting = sum(one.lag for one in found)
        click.echo(f"{waiting} records wait" if waiting else "nothing waits")


def _row(one: Position) -> Row:
    row = {"topic": one.topic, "partition": one.partition, "committed": one.committed, "end": one.end}
    return row | {"lag": one.lag, "lost": one.lost}


def _sum(topic: str, found: list[Position]) -> Row:
    own = [one for one in found if one.topic == topic]
    return {
        "topic": topic,
        "committed": sum(one.committed or 0 for one in own),
        "end": sum(one.end for one in own),
        "lag": sum(one.lag for one in own),
        "lost": sum(one.lost for one in own),
    }
