"""`fanpulse replay`: score again from an offset or a time, in its own group and topics, next to the running group."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from kafka import TopicPartition
from rich import progress
from rich.console import Console

from agents.cli.output import json_option, show_one
from agents.errors import FanpulseError
from agents.kafka.isolated import isolated_settings, lag, prepare, starts, written
from agents.settings import PREFIX, Settings, read
from agents.supervise.child import Child

POLL_SCORES_S = 0.5
REPLAY_STOP_S = 15.0
PUBLISH_DELAY_S = 0.5  # after which a replay publishes small changes
QUIET_LOOKS = 4  # polls without a new score: at its end a replay waits for small changes


@click.command()
@click.option("--group", required=True, help="Name of the replay's own consumer group; it must be new.")
@click.option("--output-prefix", required=True, help="Prefix of the topics that the replay writes.")
@click.option(
    "--since",
    type=click.DateTime(),
    metavar="MOMENT",
    help="From this moment on, UTC, by the time the broker received the records: 2026-01-31 or 2026-01-31T18:00:00.",
)
@click.option("--offset", type=click.IntRange(min=0), help="From this offset of each partition on.")
@click.option("--dry-run", is_flag=True, help="Print how much would be read, and do nothing.")
@json_option
def replay(
    group: str, output_prefix: str, since: datetime | None, offset: int | None, dry_run: bool, as_json: bool
) -> None:
    """Score the input topics again, from the beginning or from a moment or offset, and stop at their end.

    The running group is not affected: the replay has its own group, state and output topics. Use it to try parameters,
    a model or a version on real history. `fanpulse worker` with the same group and prefix continues from there.
    """
    if since is not None and offset is not None:
        raise click.UsageError("--since and --offset exclude each other")
    settings = isolated_settings(read(), group, output_prefix)
    at = starts(settings, None if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000), offset)
    summary = {"group": group, "scores": settings.names.fan_scores, "flags": settings.names.fan_flags}
    if dry_run:
        remaining = lag_from(settings, at)
        show_one({**summary, "would_read": remaining}, as_json=as_json)
        return
    prepare(settings, at)
    remaining, began = lag(settings, list(at)), time.monotonic()
    _score(settings, list(at), remaining)
    seconds = round(time.monotonic() - began, 1)
    show_one({**summary, "events": remaining, "seconds": seconds}, as_json=as_json)


def lag_from(settings: Settings, at: dict[TopicPartition, int]) -> int:
    """Return how many records there are from the starts to the ends."""
    ends = starts(settings, None, 1 << 62)
    return sum(ends[place] - start for place, start in at.items())


def _score(settings: Settings, places: list[TopicPartition], remaining: int) -> None:
    """Run a worker until nothing is left to read."""
    ours = {"GROUP": settings.group, "OUTPUT_PREFIX": settings.output_prefix or ""}
    ours |= {"METRICS_PORT": "0", "PUBLISH_DELAY_S": str(PUBLISH_DELAY_S)}
    environ = {**os.environ, **{PREFIX + name: value for name, value in ours.items()}}
    log = Path(settings.data) / f"replay-{settings.group}.log"
    child = Child("replay", [sys.executable, "-m", "agents.cli", "worker"], log, environ=environ)
    child.start()
    console = Console(stderr=True)

    def pause() -> None:
        if not child.is_running:
            raise FanpulseError(
                f"the replay's worker ended early; the last lines of its log {log}:\n{child.last_words()}"
            )
        time.sleep(POLL_SCORES_S)

    try:
        with progress.Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("scoring", total=remaining)
            while left := lag(settings, places):
                bar.update(task, completed=remaining - left)
                pause()
            until_quiet(lambda: written(settings, places), pause)
    finally:
        child.stop(REPLAY_STOP_S)


def until_quiet(ask: Callable[[], int], pause: Callable[[], None]) -> None:
    """Ask and pause until the answer has been the same ``QUIET_LOOKS`` times."""
    before, same = ask(), 0
    while same < QUIET_LOOKS:
        pause()
        now = ask()
        before, same = now, same + 1 if now == before else 0
