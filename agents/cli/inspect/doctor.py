"""`fanpulse doctor`: does everything that the program needs work, and what to do where it does not."""

import sys
from collections.abc import Iterator

import click
import msgspec
from rich.table import Table
from rich.text import Text

from agents.cli.output import cell, console, json_option, show
from agents.doctor import cluster, configuration, group, machine, redis, topics
from agents.doctor.finding import CheckState, Finding
from agents.errors import ConfigError, Exit, FanpulseError
from agents.kafka.connection import admin
from agents.settings import Settings, read

COLOURS = {CheckState.OK: "green", CheckState.WARN: "yellow", CheckState.FAIL: "bold red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check settings, parameter file, broker, topics, workers, offsets, clocks, Redis, disk and ports.

    Prints a line per check, and what to do where something is wrong. Changes nothing. Exit code 1 if a check fails;
    warnings do not count.
    """
    found = list(_findings())
    if as_json:
        show([msgspec.to_builtins(finding) for finding in found], {}, as_json=True)
    else:
        _print(found)
    if any(finding.state is CheckState.FAIL for finding in found):
        sys.exit(Exit.FAILED)


def _findings() -> Iterator[Finding]:
    yield from configuration.names()
    try:
        settings = read()
    except ConfigError as error:
        yield Finding("settings", CheckState.FAIL, str(error), "correct it first; the other checks need it")
        return
    yield from configuration.values(settings)
    yield from configuration.parameters(settings)
    yield from _kafka(settings)
    yield from redis.redis(settings)
    yield from machine.disk(settings)
    yield from machine.ports(settings)


def _kafka(settings: Settings) -> Iterator[Finding]:
    """Yield the findings about Kafka; if the broker does not answer, only that."""
    try:
        with admin(settings) as client:
            yield from cluster.broker(client, settings)
            yield from topics.topic_list(client, settings)
            yield from group.group(client, settings)
            yield from group.applied_offsets(client, settings)
            yield from cluster.clock(client, settings)
    except FanpulseError as error:
        yield cluster.unreached(error, settings)


def _print(found: list[Finding]) -> None:
    """Print a line per finding, and below it what to do."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for finding in found:
        grid.add_row(Text(finding.state.upper(), COLOURS[finding.state]), finding.check, cell(finding.message))
        if finding.remedy:
            grid.add_row("", "", Text("-> ").append_text(cell(finding.remedy)))
    out = console()
    out.print(grid)
    failed, warned = (sum(finding.state is state for finding in found) for state in (CheckState.FAIL, CheckState.WARN))
    out.print(f"{failed} failed, {warned} warning(s)" if failed or warned else "all checks passed")
