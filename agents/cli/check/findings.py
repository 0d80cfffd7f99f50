"""What `fanpulse doctor` looks at: each check is a function that yields findings, and none changes anything."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from msgspec import Struct

from agents import brands, settings
from agents.errors import ConfigError, FanpulseError
from agents.kafka import topics
from agents.kafka.offsets import positions
from agents.serve.copy.connection import LOST, connect
from agents.settings import Settings
from schemas.events import AHEAD_MS

GB = 1_000_000_000
DISK_WARN, DISK_FAIL = 2 * GB, GB // 5
CLOCK_WARN_S = 2.0  # beside Redis, the one server that tells its time
LAG_WARN = 100_000  # messages; at the slowest a few seconds of work


class State(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Struct, frozen=True):
    """One line of the doctor's report."""

    check: str
    state: State
    said: str
    remedy: str = ""


def names() -> Iterator[Finding]:
    """Look for FANPULSE_* names that are no settings."""
    unknown = settings.unknown()
    if unknown:
        remedy = "look for a slip of the pen; `fanpulse config show` lists all names"
        yield Finding("settings", State.WARN, f"no such settings: {', '.join(unknown)}", remedy)


def values(given: Settings) -> Iterator[Finding]:
    """Count the settings that are not at their default."""
    default = Settings().shown()
    changed = [name for name, value in given.shown().items() if value != default[name]]
    yield Finding("settings", State.OK, f"{len(changed)} of {len(default)} differ from their defaults")


def parameters(given: Settings) -> Iterator[Finding]:
    """Read the parameter file as the worker would."""
    try:
        file = brands.load(given)
    except ConfigError as error:
        yield Finding("parameters", State.FAIL, str(error), "correct the file, or unset FANPULSE_PARAMS")
        return
    said = f"{given.params}: {len(file.brands)} brand(s)" if given.params else "none given: defaults for every brand"
    yield Finding("parameters", State.OK, said)


def broker(client: KafkaAdminClient) -> Iterator[Finding]:
    """Ask the brokers who they are."""
    cluster = client.describe_cluster()
    brokers = len(cluster["brokers"])
    yield Finding("broker", State.OK, f"{brokers} broker(s), cluster {cluster['cluster_id']}")


def topic_list(client: KafkaAdminClient, given: Settings) -> Iterator[Finding]:
    """Check names, partition counts and cleanup policies."""
    problems = topics.check(given, client=client)
    for problem in problems:
        said, _, remedy = problem.partition("; ")
        yield Finding("topics", State.FAIL, said, remedy)
    if not problems:
        counts = topics.partition_counts(client, [spec.name for spec in given.names.specs()])
        yield Finding("topics", State.OK, f"{len(counts)} topics of {next(iter(counts.values()))} partitions")


def group(client: KafkaAdminClient, given: Settings) -> Iterator[Finding]:
    """Check that workers are there, keep up, and lost nothing to retention."""
    said = client.describe_groups([given.group])[given.group]
    members = len(said["members"])
    counts = topics.partition_counts(client, given.names.inputs)
    where = positions(client, given.group, counts) if counts else []
    lag, lost = sum(at.lag for at in where), sum(at.lost for at in where)
    if lost:
        remedy = "lengthen retention.ms of the inputs; what is gone must be sent again"
        yield Finding("workers", State.FAIL, f"retention took {lost} events before they were read", remedy)
    if not members:
        text = f"no worker runs in group {given.group}; {lag} events wait"
        yield Finding("workers", State.WARN, text, "start one with `fanpulse worker`")
    else:
        state = State.WARN if lag > LAG_WARN else State.OK
        remedy = "start more workers, up to the partition count" if state is State.WARN else ""
        yield Finding("workers", state, f"{members} in group {given.group}, {lag} events wait", remedy)


def producers(client: KafkaAdminClient, given: Settings, now: float) -> Iterator[Finding]:
    """Compare the newest records' times with our clock: Kafka itself does not tell the time."""
    counts = topics.partition_counts(client, given.names.inputs)
    places = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
    found = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.MAX_TIMESTAMP)) if places else {}
    ahead = max((at.timestamp for at in found.values()), default=-1) / 1000 - now
    if ahead > AHEAD_MS / 1000:
        remedy = "set the clocks by NTP; events more than 5 min ahead are refused"
        yield Finding("clock", State.FAIL, f"the newest record is {ahead:.0f} s ahead of this machine's clock", remedy)
    elif ahead > CLOCK_WARN_S:
        text = f"the newest record is {ahead:.1f} s ahead of this machine's clock"
        yield Finding("clock", State.WARN, text, "set the clocks by NTP")
    else:
        yield Finding("clock", State.OK, "not behind the newest record's")


def redis(given: Settings) -> Iterator[Finding]:
    """Ask Redis for its version and its time."""
    if not given.redis_url:
        remedy = "set FANPULSE_REDIS_URL, or use `fanpulse run`, which starts its own"
        yield Finding("redis", State.WARN, "no address is given; `fanpulse serve` needs one", remedy)
        return
    try:
        version, off = asyncio.run(_ask_redis(given))
    except FanpulseError as error:
        yield Finding("redis", State.FAIL, str(error), "correct the setting")
        return
    except LOST as error:
        text = f"does not answer: {str(error) or type(error).__name__}"
        yield Finding("redis", State.FAIL, text, "start it, or correct FANPULSE_REDIS_URL and FANPULSE_REDIS_CA")
        return
    yield Finding("redis", State.OK, f"version {version}")
    if abs(off) > CLOCK_WARN_S:
        text = f"this machine's clock is {abs(off):.1f} s {'ahead of' if off > 0 else 'behind'} that of Redis"
        yield Finding("clock", State.WARN, text, "set the clocks by NTP")


async def _ask_redis(given: Settings) -> tuple[str, float]:
    """Return the server's version, and how many seconds our clock is ahead of its."""
    client = connect(given)
    try:
        info = await client.info("server")
        seconds, micros = await client.time()
        return str(info["redis_version"]), time.time() - (seconds + micros / 1e6)
    finally:
        await client.aclose()


def disk(given: Settings) -> Iterator[Finding]:
    """Check the room in the data directory, or where it would be made."""
    place = next(path for path in [given.data, *given.data.parents] if path.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / GB:.1f} GB free in {given.data}"
    if not _is_writable(place):
        yield Finding("disk", State.FAIL, f"{place} cannot be written", "correct FANPULSE_DATA_DIR or its permissions")
    elif free < DISK_WARN:
        state = State.FAIL if free < DISK_FAIL else State.WARN
        yield Finding("disk", state, text, "make room, or set FANPULSE_DATA_DIR elsewhere")
    else:
        yield Finding("disk", State.OK, text)


def _is_writable(place: Path) -> bool:
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
