"""`fanpulse dlq`: what was refused, and why."""

import click

from agents.cli.output import json_option, moment, show, show_one
from agents.kafka import dead_letters
from agents.kafka.dead_letters import DeadLetter
from agents.kafka.requeue import requeue as requeue_dead_letters
from agents.settings import read

COLUMNS = {"at": "refused at", "origin": "topic/partition@offset", "reason": "reason", "key": "key"}


@click.group()
def dlq() -> None:
    """List dead letters, or send them again."""


@dlq.command(name="list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="The newest N.")
@click.option("--show-value", is_flag=True, help="Show the records themselves; they may hold a fan's words.")
@json_option
def list_letters(limit: int, show_value: bool, as_json: bool) -> None:
    """List the newest dead letters: when, where from, why, and whose."""
    letters = dead_letters.newest(read(), limit)
    columns = COLUMNS | {"value": "value"} if show_value else COLUMNS
    if not letters and not as_json:
        click.echo("no dead letters")
        return
    show([_row(letter, show_value, as_json) for letter in letters], columns, as_json=as_json)


@dlq.command(short_help="Send dead letters to their topics again, each once.")
@click.option("--reason", default="", help="Only those whose reason contains this text; the others stay.")
@click.option("--all", "from_start", is_flag=True, help="Also those that were sent before, from the oldest on.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@json_option
def requeue(reason: str, from_start: bool, dry_run: bool, as_json: bool) -> None:
    """Send dead letters to the topics that they came from, once what they were refused for is repaired.

    Each is sent once, however often this is called and whenever it is killed: records and progress are committed
    together, and the next call goes on. Dead letters that --reason leaves stay where they are, and a later call sends
    them. Those that are refused again come back to the end of dead-letters and count as new.

    Order: within a partition of dead-letters, the oldest first; none between partitions, or between the calls.

    --all begins with the oldest each time it is called, also after an interruption; an event that counted already is
    recognized by its id as long as the worker remembers it.

    Left out are records that were cut, have no key or value, or are of other topics.
    """
    sent = requeue_dead_letters(read(), reason, from_start=from_start, dry_run=dry_run)
    show_one({"would_send" if dry_run else "sent": sent.sent, **sent.left_out}, as_json=as_json)


def _row(letter: DeadLetter, show_value: bool, as_json: bool) -> dict[str, object]:
    """Return a letter's fields; for people its moment and its origin are one cell each."""
    row: dict[str, object] = {"at": letter.at, "topic": letter.topic, "partition": letter.partition}
    row |= {"offset": letter.offset, "reason": letter.reason, "key": _text(letter.key)}
    if show_value:
        row["value"] = _text(letter.value)
    if not as_json:
        row["at"] = moment(letter.at)
        row["origin"] = f"{letter.topic}/{letter.partition}@{letter.offset}"
    return row


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")
