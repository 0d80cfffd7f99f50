"""`fanpulse load`: publish a history, a JSON event a line, in its order."""

import asyncio
import gzip
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich import progress
from rich.console import Console

from agents.cli.output import json_option, show_one
from agents.cli.publish.lines import BadLineError, InputTopic, input_topics, read
from agents.errors import FanpulseError
from agents.kafka import topics
from agents.kafka.publish import KeyedRecord, Publisher
from agents.settings import read as read_settings

MAX_BATCH_EVENTS = 20_000  # events in flight at once; with 48 partitions that makes batches of 100 KB
SHOWN = 10  # bad lines shown one by one


class Load:
    """One file: which lines were read, which were bad, and what was sent by topic."""

    def __init__(self, file: str, known: dict[str, InputTopic], limit: int | None) -> None:
        self.file, self.known, self.limit = file, known, limit
        self.counts: Counter[str] = Counter()
        self.bad: list[str] = []
        self.n_bad = 0

    def records(self, what: str, *, stop_at_bad: bool = False) -> Iterator[KeyedRecord]:
        """Yield the good lines' records, up to the limit, behind a progress bar; note the bad ones."""
        self.counts.clear()
        self.bad.clear()
        self.n_bad = 0
        with _open(self.file, what) as lines:
            yield from islice(self._good(lines, stop_at_bad), self.limit)

    def _good(self, lines: Iterator[bytes], stop_at_bad: bool) -> Iterator[KeyedRecord]:
        for number, found in read(lines, self.known):
            if isinstance(found, BadLineError):
                self.n_bad += 1
                if len(self.bad) < SHOWN:
                    self.bad.append(f"line {number}: {found}")
                if stop_at_bad:
                    return
            else:
                self.counts[found.topic] += 1
                yield found

    def refusal(self, so_far: str) -> FanpulseError:
        """Return the sentence about bad lines."""
        more = [f"and {self.n_bad - SHOWN} more"] if self.n_bad > SHOWN else []
        lines = "".join(f"\n  {line}" for line in [*self.bad, *more])
        return FanpulseError(
            f"{self.n_bad} bad line(s) in {self.file}; {so_far}. Correct them, or leave them out with --skip-bad{lines}"
        )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--rate", type=click.FloatRange(min=0), default=0, help="Events per second; 0 is as fast as possible.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N events.")
@click.option("--dry-run", is_flag=True, help="Check the file and send nothing.")
@click.option("--skip-bad", is_flag=True, help="Leave out bad lines instead of refusing the file.")
@json_option
def load(file: str, rate: float, limit: int | None, dry_run: bool, skip_bad: bool, as_json: bool) -> None:
    """Publish the events of FILE (JSONL, also .gz; - is standard input).

    Each line is one event with an additional field "topic": the name of an input, without prefix. The key is
    brand_id:fan_id, and events are sent in the order of the lines. A file with a bad line is refused before anything is
    sent; standard input is sent up to its first bad line.
    """
    settings = read_settings()
    inputs = [spec for spec in settings.names.specs() if spec.name in settings.names.public_inputs]
    count = 0 if dry_run else topics.ensure(settings, inputs)
    job = Load(file, input_topics(settings.names), limit)
    start = time.monotonic()
    if dry_run or (file != "-" and not skip_bad):
        for _ in job.records("checking"):
            pass
        if job.n_bad and not skip_bad:
            raise job.refusal("nothing was sent")
    if not dry_run:
        start = time.monotonic()
        counts = dict.fromkeys(settings.names.public_inputs, count)
        asyncio.run(_send(Publisher(settings, counts), job, rate, skip_bad=skip_bad))
    _report(job, time.monotonic() - start, dry_run=dry_run, as_json=as_json)


class RateLimiter:
    """Holds a sender back to a rate, counted from the start, so that a slow moment is caught up; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._start = time.monotonic()
        self._sent = 0

    async def wait(self, n: int) -> None:
        """Return when the ``n`` that were just sent have had their time."""
        self._sent += n
        if self._per_second > 0:
            due = self._start + self._sent / self._per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def batch_size(per_second: float, maximum: int) -> int:
    """Return how many to send at once: a tenth of a second's worth.

    >>> batch_size(500.0, maximum=20_000), batch_size(3.0, maximum=20_000), batch_size(0.0, maximum=20_000)
    (50, 1, 20000)
    """
    return maximum if per_second <= 0 else max(1, min(maximum, int(per_second / 10)))


async def _send(publisher: Publisher, job: Load, rate: float, *, skip_bad: bool) -> None:
    limiter, size = RateLimiter(rate), batch_size(rate, MAX_BATCH_EVENTS)
    records = job.records("sending", stop_at_bad=not skip_bad)
    async with publisher as out:
        while part := list(islice(records, size)):
            await out.send(part)
            await limiter.wait(len(part))
    if job.n_bad and not skip_bad:
        raise job.refusal(f"{out.sent} events were sent")


def _report(job: Load, seconds: float, *, dry_run: bool, as_json: bool) -> None:
    total = sum(job.counts.values())
    summary: dict[str, Any] = {"checked" if dry_run else "sent": total}
    summary |= {"topics": dict(job.counts), "bad_lines": job.n_bad, "seconds": round(seconds, 3)}
    if not as_json:
        summary["topics"] = ", ".join(f"{name} {n}" for name, n in job.counts.items())
        summary["events/s"] = int(total / max(seconds, 1e-6))
    show_one(summary, as_json=as_json)
    for line in job.bad:
        click.echo(line, err=True)


@contextmanager
def _open(file: str, what: str) -> Iterator[Iterator[bytes]]:
    """Open a file's lines behind a progress bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    columns = (*progress.Progress.get_default_columns(), progress.TransferSpeedColumn())
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        if file == "-":
            yield iter(sys.stdin.buffer)
            return
        size = Path(file).stat().st_size
        with Path(file).open("rb") as plain, bar.wrap_file(plain, size, description=what) as raw:
            try:
                lines = gzip.GzipFile(fileobj=raw) if file.endswith(".gz") else raw
                yield iter(lines)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise FanpulseError(f"{file} is not a complete gzip file: {error}") from None
