"""`fanpulse lag` and `fanpulse offsets`: how far the workers are, and how to make them leave records out."""

import click
from msgspec import structs

from agents.cli.output import TableRow, json_option, show, show_one
from agents.errors import ConfigError
from agents.kafka.applied import InputPosition, input_positions
from agents.kafka.connection import admin
from agents.kafka.offsets import Position, positions
from agents.kafka.skipping import skip as skip_records
from agents.kafka.topics import REMEDY, ensure, partition_counts
from agents.settings import Settings, read

LAG = {"topic": "topic", "partition": "partition", "committed": "committed", "end": "end", "lag": "lag"}
OFFSETS = {
    "topic": "topic",
    "partition": "partition",
    "begin": "begin",
    "applied": "applied",
    "committed": "committed",
    "end": "end",
    "note": "note",
}


@click.command()
@click.option("--partitions", is_flag=True, help="Print a line per partition.")
@json_option
def lag(partitions: bool, as_json: bool) -> None:
    """Show how many records the workers have not scored yet, and how many retention deleted before they could."""
    settings = read()
    names = settings.names
    counts = dict.fromkeys(names.inputs, ensure(settings))
    with admin(settings) as client:
        found = positions(client, settings.group, counts)
    rows = [_lag_row(one) for one in found] if partitions else [_sum(topic, found) for topic in counts]
    columns = LAG if partitions else {name: heading for name, heading in LAG.items() if name != "partition"}
    if any(row["lost"] for row in rows):
        columns = columns | {"lost": "lost to retention"}
    show(rows, columns, as_json=as_json, style=lambda row: "red" if row["lost"] else "")
    if not as_json:
        waiting = sum(one.lag for one in found)
        click.echo(f"{waiting} records wait" if waiting else "no records wait")


@click.group()
def offsets() -> None:
    """Show applied and committed offsets, or skip records.

    Workers continue at the applied offsets: these are stored with the rows, in the fans changelog, and say exactly
    which events the rows contain. Committed offsets that were set by hand (kafka-consumer-groups.sh --reset-offsets)
    have no effect, unless the group has not scored anything yet.
    """


@offsets.command(name="show", short_help="Show begin, applied, committed and end offset of each partition.")
@json_option
def show_offsets(as_json: bool) -> None:
    """Show begin, applied, committed and end offset of each partition of each input.

    A note says where committed offsets were set by hand. Workers may keep running.
    """
    settings = read()
    rows = [structs.asdict(at) | {"note": note(at)} for at in _positions(settings)]
    show(rows, OFFSETS, as_json=as_json, style=lambda row: "yellow" if row["note"] else "")
    if not as_json and any(row["is_by_hand"] and row["note"] for row in rows):
        click.echo("`fanpulse replay` scores events again; `fanpulse offsets skip` leaves events out.")


@offsets.command(short_help="Let the workers continue behind records that are not to be scored.")
@click.argument("topic")
@click.argument("partition", type=click.IntRange(min=0))
@click.option("--to", type=click.IntRange(min=0), required=True, metavar="OFFSET", help="The next offset to be scored.")
@click.option("--dry-run", is_flag=True, help="Print what would be skipped, and write nothing.")
@json_option
def skip(topic: str, partition: int, to: int, dry_run: bool, as_json: bool) -> None:
    """Let the workers continue at OFFSET of one partition, without scoring the records before it.

    TOPIC is an input, with or without prefix. Stop all workers first: the command refuses while the group has members.
    A stopped worker counts as one until its session ends (FANPULSE_SESSION_TIMEOUT_S).

    A dead letter records which offsets were skipped. The records stay in the topic, and nothing else is lost: the other
    partitions and inputs continue where they were. To score events again, use `fanpulse replay` instead.
    """
    skipped = skip_records(read(), topic, partition, to, dry_run=dry_run)
    row: TableRow = skipped._asdict() | {"offsets": skipped.end - skipped.begin}
    if as_json:
        show_one(row, as_json=True)
        return
    what = "would be skipped" if dry_run else "are skipped; dead-letters has a record of it"
    where = f"{skipped.topic}, partition {skipped.partition}"
    click.echo(f"{where}: offsets {skipped.begin} to {skipped.end - 1} {what}")
    if not dry_run:
        click.echo(f"Start the workers: they continue at {skipped.end}.")


def note(at: InputPosition) -> str:
    """Return what a person should know about a partition; nothing if all is as usual.

    >>> note(InputPosition("likes", 0, 0, 7, 3, 9, True))
    'committed was set by hand: no effect, workers continue at 7'
    >>> note(InputPosition("likes", 0, 4, 2, 2, 9, False))
    'retention deleted 2 before they were scored'
    >>> note(InputPosition("likes", 0, 0, 7, 7, 9, False))
    ''
    """
    if at.is_overruled:
        return f"committed was set by hand: no effect, workers continue at {at.applied}"
    if at.is_by_hand and at.applied is None:
        return f"committed was set by hand: workers begin at {at.committed}"
    reached = at.committed if at.applied is None else at.applied
    if reached is not None and reached < at.begin:
        return f"retention deleted {at.begin - reached} before they were scored"
    return ""


def _positions(settings: Settings) -> list[InputPosition]:
    names = settings.names
    changelog = names.changelog("fans")
    with admin(settings) as client:
        counts = partition_counts(client, [*names.inputs, changelog])
        if counts.pop(changelog, None) is None or not counts:
            raise ConfigError(f"topics are missing; {REMEDY}")
        return input_positions(client, settings, counts)


def _lag_row(one: Position) -> TableRow:
    row = {"topic": one.topic, "partition": one.partition, "committed": one.committed, "end": one.end}
    return row | {"lag": one.lag, "lost": one.lost}


def _sum(topic: str, found: list[Position]) -> TableRow:
    own = [one for one in found if one.topic == topic]
    return {
        "topic": topic,
        "committed": sum(one.committed or 0 for one in own),
        "end": sum(one.end for one in own),
        "lag": sum(one.lag for one in own),
        "lost": sum(one.lost for one in own),
    }
