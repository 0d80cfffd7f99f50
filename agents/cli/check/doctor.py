"""`fanpulse doctor`: is everything there that the program needs, and what to do where it is not."""

import sys
import time
from collections.abc import Iterator

import click
import msgspec

from agents.cli.check import findings
from agents.cli.check.findings import Finding, State
from agents.cli.output import Row, json_option, show
from agents.errors import ConfigError, Exit, FanpulseError
from agents.kafka.connection import admin
from agents.settings import Settings, read

COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check settings, parameter file, broker, topics, workers, Redis, clock and disk; nothing is changed.

    Exit code 1 if one of them fails; a warning is no failure.
    """
    found = list(_examine(time.time()))
    rows = [msgspec.to_builtins(finding) for finding in found]
    columns = {"state": "", "check": "check", "said": "what was found", "remedy": "what to do"}
    show(rows, columns, as_json=as_json, style=_style)
    if any(finding.state is State.FAIL for finding in found):
        sys.exit(Exit.FAILED)


def _examine(now: float) -> Iterator[Finding]:
    yield from findings.names()
    try:
        settings = read()
    except ConfigError as error:
        yield Finding("settings", State.FAIL, str(error), "correct it; nothing else can be checked before")
        return
    yield from findings.values(settings)
    yield from findings.parameters(settings)
    yield from _kafka(settings, now)
    yield from findings.redis(settings)
    yield from findings.disk(settings)


def _kafka(settings: Settings, now: float) -> Iterator[Finding]:
    """Yield what the broker's checks find; without a broker the first is the only one."""
    try:
        with admin(settings) as client:
            yield from findings.broker(client)
            yield from findings.topic_list(client, settings)
            yield from findings.group(client, settings)
            yield from findings.producers(client, settings, now)
    except FanpulseError as error:
        remedy = "start it, or correct FANPULSE_BROKER and the FANPULSE_KAFKA_* settings"
        yield Finding("broker", State.FAIL, str(error), remedy)


def _style(row: Row) -> str:
    return COLOURS[State(row["state"])]
