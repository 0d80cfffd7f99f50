"""`fanpulse dlq`: records that were refused, and why."""

import click

from agents.cli.output import json_option, moment, show, show_one
from agents.kafka import dead_letters
from agents.kafka.dead_letters import ReadDeadLetter
from agents.kafka.requeue import requeue as requeue_dead_letters
from agents.settings import read

DEAD_LETTER_COLUMNS = {"at": "refused at", "origin": "topic/partition@offset", "reason": "reason", "key": "key"}


@click.group()
def dlq() -> None:
    """List dead letters, or send them again."""


@dlq.command(name="list", short_help="List the newest dead letters.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Show the newest N.")
@click.option("--show-value", is_flag=True, help="Show the records themselves; they may contain what a fan wrote.")
@json_option
def list_dead_letters(limit: int, show_value: bool, as_json: bool) -> None:
    """List the newest dead letters: when, from where and why they were refused, and their keys."""
    dead_letters_found = dead_letters.newest(read(), limit)
    columns = DEAD_LETTER_COLUMNS | {"value": "value"} if show_value else DEAD_LETTER_COLUMNS
    if not dead_letters_found and not as_json:
        click.echo("no dead letters")
        return
    show([_row(dead_letter, show_value, as_json) for dead_letter in dead_letters_found], columns, as_json=as_json)


@dlq.command(short_help="Send dead letters to their topics again, each once.")
@click.option(
    "--reason", default="", help="Only those whose reason contains this text; the others are kept for a later call."
)
@click.option("--all", "from_start", is_flag=True, help="Also those that were sent before, starting with the oldest.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@json_option
def requeue(reason: str, from_start: bool, dry_run: bool, as_json: bool) -> None:
    """Send dead letters back to the topics they came from, after the cause of the refusal has been fixed.

    Each is sent exactly once, no matter how often this is called or when it is killed: records and progress are
    committed together, and the next call continues. Dead letters that --reason does not match are kept for a later
    call. A record that is refused again is appended to dead-letters and counts as new.

    Order: oldest first within each partition of dead-letters; there is no order between partitions or calls.

    --all starts with the oldest on every call, even after an interruption. An event that was already counted is
    recognised by its id while that id is in the dedup window.

    Left out are records that were truncated, have no key or value, or came from topics that are not inputs.
    """
    sent = requeue_dead_letters(read(), reason, from_start=from_start, dry_run=dry_run)
    show_one({"would_send" if dry_run else "sent": sent.sent, **sent.left_out}, as_json=as_json)


def _row(dead_letter: ReadDeadLetter, show_value: bool, as_json: bool) -> dict[str, object]:
    """Return the fields of a dead letter; in the table time and origin are one cell each."""
    row: dict[str, object] = {"at": dead_letter.at, "topic": dead_letter.topic, "partition": dead_letter.partition}
    row |= {"offset": dead_letter.offset, "reason": dead_letter.reason, "key": _text(dead_letter.key)}
    if show_value:
        row["value"] = _text(dead_letter.value)
    if not as_json:
        row["at"] = moment(dead_letter.at)
        row["origin"] = f"{dead_letter.topic}/{dead_letter.partition}@{dead_letter.offset}"
    return row


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")
