"""`fanpulse doctor`: is everything there that the program needs, and what to do where it is not."""

import sys
from collections.abc import Iterator

import click
import msgspec
from rich.table import Table
from rich.text import Text

from agents.cli.check.findings import cluster, given, group, machine, redis, topics
from agents.cli.check.findings.finding import Finding, State
from agents.cli.output import cell, console, json_option, show
from agents.errors import ConfigError, Exit, FanpulseError
from agents.kafka.connection import admin
from agents.settings import Settings, read

COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check settings, parameter file, broker, topics, workers, clocks, Redis, disk and ports; nothing is changed.

    A line for each, with what to do where something is wrong. Exit code 1 if one fails; a warning is no failure.
    """
    found = list(_examine())
    if as_json:
        show([msgspec.to_builtins(finding) for finding in found], {}, as_json=True)
    else:
        _print(found)
    if any(finding.state is State.FAIL for finding in found):
        sys.exit(Exit.FAILED)


def _examine() -> Iterator[Finding]:
    yield from given.names()
    try:
        settings = read()
    except ConfigError as error:
        yield Finding("settings", State.FAIL, str(error), "correct it; nothing else can be checked before")
        return
    yield from given.values(settings)
    yield from given.parameters(settings)
    yield from _kafka(settings)
    yield from redis.redis(settings)
    yield from machine.disk(settings)
    yield from machine.ports(settings)


def _kafka(settings: Settings) -> Iterator[Finding]:
    """Yield what the broker's checks find; without a broker the first is the only one."""
    try:
        with admin(settings) as client:
            yield from cluster.broker(client, settings)
            yield from topics.topic_list(client, settings)
            yield from group.group(client, settings)
            yield from cluster.clock(client, settings)
    except FanpulseError as error:
        yield cluster.unreached(error, settings)


def _print(found: list[Finding]) -> None:
    """Print a line per finding, and under it what to do."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for finding in found:
        grid.add_row(Text(finding.state.upper(), COLOURS[finding.state]), finding.check, cell(finding.said))
        if finding.remedy:
            grid.add_row("", "", Text("-> ").append_text(cell(finding.remedy)))
    out = console()
    out.print(grid)
    failed, doubtful = (sum(finding.state is state for finding in found) for state in (State.FAIL, State.WARN))
    out.print(f"{failed} failed, {doubtful} to be looked at" if failed or doubtful else "all is well")
