"""The workers: are there any, and do they keep up."""

import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaAdminClient

from agents.cli.check.findings.finding import Finding, State
from agents.kafka import topics
from agents.kafka.connection import PATIENCE_S
from agents.kafka.offsets import MOVING, RETRY_S, Position, positions
from agents.settings import Settings

LAG_WARN = 100_000  # messages; at the slowest a few seconds of work
WATCH_S = 2.0  # how long a lag is watched


def group(client: KafkaAdminClient, given: Settings) -> Iterator[Finding]:
    """Check that workers are there, keep up, and lost nothing to retention."""
    members = len(_described(client, given.group)["members"])
    counts = topics.partition_counts(client, list(given.names.public_inputs))
    where = positions(client, given.group, counts) if counts else []
    if lost := sum(at.lost for at in where):
        remedy = "lengthen retention.ms of the inputs; what is gone must be sent again"
        yield Finding("workers", State.FAIL, f"retention took {lost} events before they were read", remedy)
    lag = sum(at.lag for at in where)
    if not members:
        said = f"no worker runs in group {given.group}; {lag} events wait"
        yield Finding("workers", State.WARN, said, "start one with `fanpulse worker`")
    elif lag > LAG_WARN:
        yield _behind(client, given, counts, where, members)
    else:
        yield Finding("workers", State.OK, f"{members} in group {given.group}, {lag} events wait")


def _behind(
    client: KafkaAdminClient, given: Settings, counts: dict[str, int], before: list[Position], members: int
) -> Finding:
    """Look a second time: a lag that shrinks is a matter of waiting."""
    began = time.monotonic()
    time.sleep(WATCH_S)
    after = positions(client, given.group, counts)
    seconds = time.monotonic() - began
    lag, done = (sum(at.lag for at in after), _committed(after) - _committed(before))
    change = (lag - sum(at.lag for at in before)) / seconds
    said = f"{members} in group {given.group}, {lag} events wait, {done / seconds:.0f} are done a second"
    if not done:
        remedy = "read the log of the worker; it ends by itself after FANPULSE_STALL_TIMEOUT_S, so start it again"
        return Finding("workers", State.FAIL, said, remedy)
    if change >= 0:
        remedy = f"start more workers, up to {max(counts.values())}, the partition count"
        return Finding("workers", State.WARN, f"{said}, and more come", remedy)
    return Finding("workers", State.WARN, said, f"wait: at this pace it is done in {span(-lag / change)}")


def span(seconds: float) -> str:
    """Return a duration for people who wait.

    >>> span(30.0), span(400.0)
    ('30 s', '7 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _committed(where: list[Position]) -> int:
    return sum(at.committed or 0 for at in where)


def _described(client: KafkaAdminClient, group: str) -> dict[str, Any]:
    """Ask for the group; a young broker is still making the topic that holds all groups."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            found: dict[str, Any] = client.describe_groups([group])[group]
        except MOVING:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
        else:
            return found
