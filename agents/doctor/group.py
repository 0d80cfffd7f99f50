"""The consumer group: are there workers, do they keep up, and do its offsets mean what someone thinks."""

import time
from collections.abc import Iterator

from kafka import KafkaAdminClient

from agents.doctor.finding import CheckState, Finding
from agents.kafka import topics
from agents.kafka.applied import input_positions
from agents.kafka.offsets import Position, positions
from agents.kafka.offsets import members as count_members
from agents.settings import Settings

LAG_WARN = 100_000  # messages; at the slowest a few seconds of work
WATCH_S = 2.0  # how long a lag is watched


def group(client: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    """Check that workers are there, keep up, and lost nothing to retention."""
    members = count_members(client, settings.group)
    counts = topics.partition_counts(client, list(settings.names.public_inputs))
    where = positions(client, settings.group, counts) if counts else []
    if lost := sum(at.lost for at in where):
        remedy = "raise retention.ms of the inputs; publish the lost events again if you have them"
        yield Finding("workers", CheckState.FAIL, f"retention deleted {lost} events before they were scored", remedy)
    lag = sum(at.lag for at in where)
    if not members:
        message = f"group {settings.group} has no running worker; {lag} events wait"
        yield Finding("workers", CheckState.WARN, message, "start one with `fanpulse worker`")
    elif lag > LAG_WARN:
        yield _trend_of_lag(client, settings, counts, where, members)
    else:
        yield Finding("workers", CheckState.OK, f"{members} in group {settings.group}, {lag} events wait")


def _trend_of_lag(
    client: KafkaAdminClient, settings: Settings, counts: dict[str, int], before: list[Position], members: int
) -> Finding:
    """Look a second time: a lag that shrinks is a matter of waiting."""
    began = time.monotonic()
    time.sleep(WATCH_S)
    after = positions(client, settings.group, counts)
    seconds = time.monotonic() - began
    lag, done = (sum(at.lag for at in after), _committed(after) - _committed(before))
    change = (lag - sum(at.lag for at in before)) / seconds
    message = f"{members} in group {settings.group}, {lag} events wait, {done / seconds:.0f} are scored per second"
    if not done:
        remedy = "read the log of the worker; a stuck one ends after FANPULSE_STALL_TIMEOUT_S and must be started again"
        return Finding("workers", CheckState.FAIL, message, remedy)
    if change >= 0:
        remedy = f"start more workers, up to {max(counts.values())}, the partition count"
        return Finding("workers", CheckState.WARN, f"{message}, and the backlog grows", remedy)
    return Finding("workers", CheckState.WARN, message, f"wait: at this rate it is done in {span(-lag / change)}")


def span(seconds: float) -> str:
    """Return a duration for people who wait.

    >>> span(30.0), span(400.0)
    ('30 s', '7 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _committed(where: list[Position]) -> int:
    return sum(at.committed or 0 for at in where)


def applied_offsets(client: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    """Look for committed offsets that were set by hand and have no effect, because the applied offsets win."""
    names = settings.names
    counts = topics.partition_counts(client, [*names.inputs, names.changelog("fans")])
    if counts.pop(names.changelog("fans"), None) is None or not counts:
        return  # the check of the topics says so
    overruled = [at for at in input_positions(client, settings, counts) if at.is_overruled]
    if not overruled:
        yield Finding("offsets", CheckState.OK, f"group {settings.group} continues where its rows end")
        return
    first = overruled[0]
    message = (
        f"committed offsets of {len(overruled)} partition(s) were set by hand and have no effect: {first.topic}, "
        f"partition {first.partition}, was set to {first.committed}, and workers continue at {first.applied}"
    )
    remedy = (
        "to score events again use `fanpulse replay`, to leave some out `fanpulse offsets skip`; "
        "`fanpulse offsets show` lists all partitions"
    )
    yield Finding("offsets", CheckState.WARN, message, remedy)
