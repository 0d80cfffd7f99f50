"""`fanpulse simulate`: demo traffic of fans with known behaviour."""

import asyncio
import math
import signal
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

import click
from kafka import TopicPartition
from kafka.admin import OffsetSpec
from msgspec import Struct
from rich.console import Console
from rich.status import Status

from agents.cli.output import json_option, show_one
from agents.demo.play import play, silence_rule
from agents.demo.population import Plan
from agents.demo.traffic import Traffic
from agents.kafka import topics
from agents.kafka.connection import admin
from agents.kafka.offsets import offsets
from agents.kafka.publish import Publisher
from agents.settings import Settings, read

HISTORY_DAYS = 120


class Options(Struct, frozen=True):
    """What the command was given."""

    rate: float
    seed: int
    fans: int
    brand: str
    burst: bool
    history_days: int | None
    duration: float | None
    count: int | None
    as_json: bool


@click.command()
@click.option(
    "--rate", type=click.FloatRange(0.1, 100_000), default=20, show_default=True, help="Live events per second."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same fans and history.")
@click.option(
    "--fans",
    type=click.IntRange(20, 100_000),
    default=600,
    show_default=True,
    help="Fans with known behaviour; a crowd 300 times as large surrounds them.",
)
@click.option("--brand", default="miot", show_default=True, help="The brand_id of all events.")
@click.option(
    "--burst/--no-burst", default=True, show_default=True, help="A flash sale: 40 s every 10 min, 4 times the rate."
)
@click.option(
    "--history-days", type=click.IntRange(0, 365), help="Days of history to publish; 120 if the topics are empty."
)
@click.option("--duration", type=click.FloatRange(min=0), help="Stop after this many seconds of live traffic.")
@click.option("--count", type=click.IntRange(min=0), help="Stop after this many live events.")
@json_option
def simulate(**given: Any) -> None:
    """Publish demo traffic until Ctrl-C: core fans, daily likers, lurkers, gift hunters, like-bots and a crowd.

    First the history of these fans is published at once. Then live events follow in real time: every few seconds a fan
    becomes a churn risk, another writes an angry comment, new fans climb the tiers, and a flash sale starts every 10
    minutes. If the topics already contain events, only the history of the fans who are about to leave is published.
    """
    settings, options = read(), Options(**given)
    partitions = topics.ensure(settings)
    counts = dict.fromkeys(settings.names.public_inputs, partitions)
    now = time.time_ns() // 1_000_000
    is_first = options.history_days is not None or are_empty(settings, counts)
    days = HISTORY_DAYS if options.history_days is None else options.history_days
    plan = Plan(options.seed, now, days, options.fans, run=0 if is_first else now // 1000)
    silence = silence_rule(settings, options.brand)
    traffic = Traffic(plan, options.brand, rate=options.rate, burst=options.burst, silence=silence)
    shown = SimulationProgress(options.as_json)
    names = {source.name: topic for topic, source in settings.names.public_inputs.items()}
    until = math.inf if options.duration is None else options.duration
    playing = play(Publisher(settings, counts), traffic, names, shown, seconds=until, count=options.count)
    asyncio.run(_until_stopped(playing))
    shown.end()


def are_empty(settings: Settings, counts: Mapping[str, int]) -> bool:
    """Whether no event was ever written to the topics."""
    places = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
    with admin(settings) as client:
        return not any(offsets(client, places, OffsetSpec.LATEST).values())


async def _until_stopped(playing: Coroutine[None, None, None]) -> None:
    """Run to the end, or until SIGINT or SIGTERM, which are the usual end of a demo."""
    task = asyncio.ensure_future(playing)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


class SimulationProgress:
    """Shows progress: continuously on a terminal, elsewhere when live traffic begins; then the totals."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.history = self.live = 0
        self._start = time.monotonic()
        console = Console(stderr=True, highlight=False)
        self._status = Status("history", console=console) if console.is_terminal else None
        if self._status:
            self._status.start()

    def __call__(self, history: int, live: int) -> None:
        """Update the totals."""
        if live and not self.live and not self._status and not self.as_json:
            click.echo(f"published a history of {history} events; live events follow")
        self.history, self.live = history, live
        if self._status:
            self._status.update(f"history {history:,} events, live {live:,} (Ctrl-C stops)")

    def end(self) -> None:
        """Show the totals."""
        if self._status:
            self._status.stop()
        seconds = round(time.monotonic() - self._start, 1)
        show_one({"history": self.history, "live": self.live, "seconds": seconds}, as_json=self.as_json)
