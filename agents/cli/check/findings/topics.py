"""The topics: are they there, are they as they must be, and can they be written now."""

from collections.abc import Iterator
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from msgspec import Struct

from agents.cli.check.findings.finding import Finding, State
from agents.kafka import topics
from agents.kafka.publish import BATCH_BYTES
from agents.settings import Settings
from schemas.topics import APPEND_TIME

CONFIG = ("max.message.bytes", "min.insync.replicas", "retention.ms")
TIMESTAMPS = "message.timestamp.type"
ROOM = 900_000  # bytes of a worker's batch; BATCH_BYTES are those of `load` and `simulate`
DAY_MS = 86_400_000
ALTER = "kafka-configs.sh --alter --entity-type topics --entity-name {} --add-config {}"


class Found(Struct, frozen=True):
    """A topic as it is on the brokers."""

    name: str
    replicas: int  # the fewest of its partitions
    in_sync: int  # the fewest of its partitions
    is_led: bool  # every partition has a leader
    allowed: frozenset[str] | None  # what we may do; None: the broker does not say
    config: dict[str, int]
    timestamps: str | None  # message.timestamp.type; None: the broker does not say

    @property
    def least(self) -> int:
        """How many replicas must have a record before it counts as written."""
        return self.config.get("min.insync.replicas", 1)


def topic_list(client: KafkaAdminClient, given: Settings) -> Iterator[Finding]:
    """Check names, partition counts, cleanup policies, replicas, room, retention and permissions."""
    problems = topics.check(given, client=client)
    for problem in problems:
        said, _, remedy = problem.partition("; ")
        yield Finding("topics", State.FAIL, said, remedy)
    names = [spec.name for spec in given.names.specs()]
    counts = topics.partition_counts(client, names)
    found = _found(client, list(counts))
    wrong = [*_writable(found), *_replicated(found, given), *_roomy(found, given), *_kept(found, given)]
    wrong += _stamped(found, given)
    yield from wrong
    if not problems and not wrong:
        yield Finding("topics", State.OK, f"{len(counts)} topics of {next(iter(counts.values()))} partitions")


def _writable(found: list[Found]) -> Iterator[Finding]:
    if dark := [one.name for one in found if not one.is_led]:
        yield _fail(f"no broker leads some partitions of {_list(dark)}", "start the brokers that hold them")
    for one in found:
        if one.least > one.replicas:
            said = (
                f"{one.name} has min.insync.replicas={one.least} and {one.replicas} replica(s): nothing can be written"
            )
            yield _fail(said, ALTER.format(one.name, f"min.insync.replicas={max(1, one.replicas - 1)}"))
    lacking = [one.name for one in found if one.in_sync < one.least <= one.replicas]
    if lacking:
        said = f"too few replicas are in sync to write {_list(lacking)}"
        yield _fail(said, "start the brokers that are down, or wait until they have caught up")
    for right in ("READ", "WRITE"):
        if barred := [one.name for one in found if one.allowed is not None and right not in one.allowed]:
            said = f"we may not {right.lower()} {_list(barred)}"
            yield _fail(said, f"grant {right} with kafka-acls.sh, or use another FANPULSE_KAFKA_USERNAME")


def _replicated(found: list[Found], given: Settings) -> Iterator[Finding]:
    wanted = given.replication
    if fewer := [one.name for one in found if one.replicas < wanted]:
        said = f"FANPULSE_REPLICATION is {wanted}, and fewer replicas have {_list(fewer)}"
        yield _fail(said, "add replicas with kafka-reassign-partitions.sh, or create the topics anew")
    if more := [one.name for one in found if one.replicas > wanted]:
        said = f"FANPULSE_REPLICATION is {wanted}, and more replicas have {_list(more)}"
        yield Finding("topics", State.WARN, said, "set it to that number, or the next topic gets fewer")
    if unsafe := [one.name for one in found if one.replicas >= 3 and one.least < 2]:
        said = f"min.insync.replicas is 1: one broker's end can lose what was written to {_list(unsafe)}"
        yield _fail(said, ALTER.format("each of them", "min.insync.replicas=2"))


def _roomy(found: list[Found], given: Settings) -> Iterator[Finding]:
    for one in found:
        needed = BATCH_BYTES if one.name in given.names.public_inputs else ROOM
        has = one.config.get("max.message.bytes", needed)
        if has < needed:
            said = f"{one.name} takes batches of {has} bytes, and ours have up to {needed}"
            yield _fail(said, ALTER.format(one.name, "max.message.bytes=1048588"))


def _kept(found: list[Found], given: Settings) -> Iterator[Finding]:
    for one in found:
        keeps = one.config.get("retention.ms", -1)
        if one.name in given.names.public_inputs and 0 <= keeps < DAY_MS:
            said = f"{one.name} keeps events for {keeps / 3_600_000:.1f} h: what workers miss for longer is lost"
            yield Finding("topics", State.WARN, said, ALTER.format(one.name, f"retention.ms={30 * DAY_MS}"))


def _stamped(found: list[Found], given: Settings) -> Iterator[Finding]:
    by_broker = {spec.name for spec in given.names.specs() if spec.has_append_time}
    others = [one.name for one in found if one.name in by_broker and one.timestamps not in {None, APPEND_TIME}]
    if others:
        said = f"producers stamp the records of {_list(others)}: lag, latency and retention are by their clocks"
        yield Finding("topics", State.WARN, said, ALTER.format("each of them", f"{TIMESTAMPS}={APPEND_TIME}"))


def _found(client: KafkaAdminClient, names: list[str]) -> list[Found]:
    if not names:
        return []
    asked = [ConfigResource("TOPIC", name, [*CONFIG, TIMESTAMPS]) for name in names]
    config = client.describe_configs(asked, config_filter="all").get("topic", {})
    told = {topic["name"]: topic for topic in client.describe_topics(names)}
    return [_one(told[name], config.get(name, {})) for name in names if name in told]


def _one(topic: dict[str, Any], config: dict[str, Any]) -> Found:
    parts, allowed = topic["partitions"], topic.get("authorized_operations")
    return Found(
        name=topic["name"],
        replicas=min(len(part["replica_nodes"]) for part in parts),
        in_sync=min(len(part["isr_nodes"]) for part in parts),
        is_led=all(part["leader_id"] >= 0 for part in parts),
        allowed=None if allowed is None else frozenset(allowed),
        config={name: int(config[name]["value"]) for name in CONFIG if name in config},
        timestamps=config[TIMESTAMPS]["value"] if TIMESTAMPS in config else None,
    )


def _fail(said: str, remedy: str) -> Finding:
    return Finding("topics", State.FAIL, said, remedy)


def _list(names: list[str]) -> str:
    return ", ".join(names)
