"""The topics: do they exist, are they configured correctly, and can they be written now."""

from collections.abc import Iterator
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from msgspec import Struct

from agents.doctor.finding import CheckState, Finding
from agents.kafka import topics
from agents.kafka.publish import PRODUCER_BATCH_BYTES
from agents.settings import Settings
from schemas.topics import APPEND_TIME

CONFIG = ("max.message.bytes", "min.insync.replicas", "retention.ms")
TIMESTAMPS = "message.timestamp.type"
MAX_WORKER_BATCH = 900_000  # bytes of a worker's batch; BATCH_BYTES are those of `load` and `simulate`
MS_PER_DAY = 86_400_000
ALTER = "kafka-configs.sh --alter --entity-type topics --entity-name {} --add-config {}"


class TopicFindings(Struct, frozen=True):
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


def topic_list(client: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    """Check names, partition counts, cleanup policies, replicas, batch sizes, retention and permissions."""
    problems = topics.check(settings, client=client)
    for problem in problems:
        message, _, remedy = problem.partition("; ")
        yield Finding("topics", CheckState.FAIL, message, remedy)
    names = [spec.name for spec in settings.names.specs()]
    counts = topics.partition_counts(client, names)
    found = _found(client, list(counts))
    wrong = [
        *_writable(found),
        *_replicated(found, settings),
        *_accept_batches(found, settings),
        *_retained(found, settings),
    ]
    wrong += _stamped(found, settings)
    yield from wrong
    if not problems and not wrong:
        yield Finding("topics", CheckState.OK, f"{len(counts)} topics of {next(iter(counts.values()))} partitions")


def _writable(found: list[TopicFindings]) -> Iterator[Finding]:
    if leaderless := [one.name for one in found if not one.is_led]:
        yield _fail(f"some partitions of {_list(leaderless)} have no leader", "start the brokers with their replicas")
    for one in found:
        if one.least > one.replicas:
            message = (
                f"{one.name} has min.insync.replicas={one.least} and {one.replicas} replica(s): nothing can be written"
            )
            yield _fail(message, ALTER.format(one.name, f"min.insync.replicas={max(1, one.replicas - 1)}"))
    lacking = [one.name for one in found if one.in_sync < one.least <= one.replicas]
    if lacking:
        message = f"too few replicas are in sync to write {_list(lacking)}"
        yield _fail(message, "start the brokers that are down, or wait until they have caught up")
    for right in ("READ", "WRITE"):
        if barred := [one.name for one in found if one.allowed is not None and right not in one.allowed]:
            message = f"we may not {right.lower()} {_list(barred)}"
            yield _fail(message, f"grant {right} with kafka-acls.sh, or use another FANPULSE_KAFKA_USERNAME")


def _replicated(found: list[TopicFindings], settings: Settings) -> Iterator[Finding]:
    wanted = settings.replication
    if fewer := [one.name for one in found if one.replicas < wanted]:
        message = f"FANPULSE_REPLICATION is {wanted}, and these have fewer replicas: {_list(fewer)}"
        yield _fail(message, "add replicas with kafka-reassign-partitions.sh, or create the topics again")
    if more := [one.name for one in found if one.replicas > wanted]:
        message = f"FANPULSE_REPLICATION is {wanted}, and these have more replicas: {_list(more)}"
        yield Finding(
            "topics", CheckState.WARN, message, "set it to their number, or the next topic gets fewer replicas"
        )
    if unsafe := [one.name for one in found if one.replicas >= 3 and one.least < 2]:
        message = f"min.insync.replicas is 1: the loss of one broker can lose what was written to {_list(unsafe)}"
        yield _fail(message, ALTER.format("each of them", "min.insync.replicas=2"))


def _accept_batches(found: list[TopicFindings], settings: Settings) -> Iterator[Finding]:
    for one in found:
        needed = PRODUCER_BATCH_BYTES if one.name in settings.names.public_inputs else MAX_WORKER_BATCH
        has = one.config.get("max.message.bytes", needed)
        if has < needed:
            message = f"{one.name} accepts batches of up to {has} bytes, and ours can have {needed}"
            yield _fail(message, ALTER.format(one.name, "max.message.bytes=1048588"))


def _retained(found: list[TopicFindings], settings: Settings) -> Iterator[Finding]:
    for one in found:
        keeps = one.config.get("retention.ms", -1)
        if one.name in settings.names.public_inputs and 0 <= keeps < MS_PER_DAY:
            message = f"{one.name} keeps events for {keeps / 3_600_000:.1f} h: what is not scored by then is lost"
            yield Finding("topics", CheckState.WARN, message, ALTER.format(one.name, f"retention.ms={30 * MS_PER_DAY}"))


def _stamped(found: list[TopicFindings], settings: Settings) -> Iterator[Finding]:
    by_broker = {spec.name for spec in settings.names.specs() if spec.has_append_time}
    others = [one.name for one in found if one.name in by_broker and one.timestamps not in {None, APPEND_TIME}]
    if others:
        message = f"producers set the timestamps of {_list(others)}: lag, latency and retention depend on their clocks"
        yield Finding("topics", CheckState.WARN, message, ALTER.format("each of them", f"{TIMESTAMPS}={APPEND_TIME}"))


def _found(client: KafkaAdminClient, names: list[str]) -> list[TopicFindings]:
    if not names:
        return []
    asked = [ConfigResource("TOPIC", name, [*CONFIG, TIMESTAMPS]) for name in names]
    config = client.describe_configs(asked, config_filter="all").get("topic", {})
    described = {topic["name"]: topic for topic in client.describe_topics(names)}
    return [_one(described[name], config.get(name, {})) for name in names if name in described]


def _one(topic: dict[str, Any], config: dict[str, Any]) -> TopicFindings:
    parts, allowed = topic["partitions"], topic.get("authorized_operations")
    return TopicFindings(
        name=topic["name"],
        replicas=min(len(part["replica_nodes"]) for part in parts),
        in_sync=min(len(part["isr_nodes"]) for part in parts),
        is_led=all(part["leader_id"] >= 0 for part in parts),
        allowed=None if allowed is None else frozenset(allowed),
        config={name: int(config[name]["value"]) for name in CONFIG if name in config},
        timestamps=config[TIMESTAMPS]["value"] if TIMESTAMPS in config else None,
    )


def _fail(message: str, remedy: str) -> Finding:
    return Finding("topics", CheckState.FAIL, message, remedy)


def _list(names: list[str]) -> str:
    return ", ".join(names)
