"""The brokers: who they are, what they allow, and what time they have."""

import time
from collections.abc import Iterator

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, OffsetSpec
from kafka.errors import KafkaError

from agents.cli.check.findings.finding import Finding, State
from agents.errors import ConfigError, FanpulseError
from agents.kafka import topics
from agents.settings import Settings
from schemas.inputs.declaration import MAX_CLOCK_AHEAD_MS

CLOCK_WARN_S, CLOCK_FAIL_S = 2.0, 60.0
BY_NTP = "set the clocks by NTP (chrony, systemd-timesyncd) on every machine"
REPLICAS = ("transaction.state.log.replication.factor", "offsets.topic.replication.factor")
SESSIONS = ("group.min.session.timeout.ms", "group.max.session.timeout.ms")


def unreached(error: FanpulseError, given: Settings) -> Finding:
    """Return the finding for a broker that could not be asked; the sentence says which of the reasons it is."""
    said, secured = str(error), given.kafka_security.startswith("SASL")
    if "does not allow" in said or "may not see" in said:
        remedy = "grant it with kafka-acls.sh, or use another FANPULSE_KAFKA_USERNAME"
    elif "refuses" in said and secured:
        remedy = "correct FANPULSE_KAFKA_USERNAME, FANPULSE_KAFKA_PASSWORD or FANPULSE_KAFKA_MECHANISM"
    elif "TLS" in said or "certificate" in said.lower():
        remedy = "name the certificate of the authority that signed the broker's in FANPULSE_KAFKA_CA"
    elif "does not speak" in said:
        remedy = "set FANPULSE_KAFKA_SECURITY to what that listener speaks; it may want TLS (SSL, SASL_SSL) or a login"
    elif isinstance(error, ConfigError):
        remedy = "correct that setting"
    else:
        remedy = "start Kafka, or correct FANPULSE_BROKER; is a firewall in between?"
    return Finding("broker", State.FAIL, said, remedy)


def broker(client: KafkaAdminClient, given: Settings) -> Iterator[Finding]:
    """Ask the brokers who they are, and whether they can do what a worker wants of them."""
    cluster = client.describe_cluster()
    brokers = [one for one in cluster["brokers"] if not one.get("is_fenced")]
    yield Finding("broker", State.OK, f"{len(brokers)} broker(s), cluster {cluster['cluster_id']}")
    config = _config(client, str(brokers[0]["broker_id"])) if brokers else {}
    for name in REPLICAS:
        if int(config.get(name, 1)) > len(brokers) and not _exists(client, name):
            said = f"{name} is {config[name]} and there are {len(brokers)} broker(s): no worker can begin"
            yield Finding("broker", State.FAIL, said, f"start more brokers, or set {name} on the brokers to fewer")
    least, most = (int(config.get(name, 0)) for name in SESSIONS)
    session = given.session_timeout_s * 1000
    if config and not least <= session <= most:
        said = f"the broker allows sessions of {least / 1000:g} to {most / 1000:g} s"
        remedy = f"set FANPULSE_SESSION_TIMEOUT_S within that; it is {given.session_timeout_s:g}"
        yield Finding("broker", State.FAIL, said, remedy)


def clock(client: KafkaAdminClient, given: Settings) -> Iterator[Finding]:
    """Compare our clock with the brokers', and with the newest records' times."""
    off, ahead = _ahead_of_quorum(client), _newest(client, given) - time.time()
    if off is not None and abs(off) > CLOCK_WARN_S:
        state = State.FAIL if abs(off) > CLOCK_FAIL_S else State.WARN
        yield Finding("clock", state, f"this machine's clock is {said_off(off)} that of Kafka", BY_NTP)
    if ahead > CLOCK_WARN_S:
        state = State.FAIL if ahead * 1000 > MAX_CLOCK_AHEAD_MS else State.WARN
        said = f"the newest record is {ahead:.1f} s ahead of this machine's clock"
        yield Finding("clock", state, said, f"{BY_NTP}; events more than 5 min ahead are refused")
    if (off is None or abs(off) <= CLOCK_WARN_S) and ahead <= CLOCK_WARN_S:
        said = "not behind the newest record's" if off is None else f"{abs(off):.1f} s beside that of Kafka"
        yield Finding("clock", State.OK, said)


def said_off(seconds: float) -> str:
    """Return how far a clock is off, in words.

    >>> said_off(-3.04), said_off(90.0)
    ('3.0 s behind', '90.0 s ahead of')
    """
    return f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'}"


def _ahead_of_quorum(client: KafkaAdminClient) -> float | None:
    """Return by how many seconds our clock is ahead of the controller's, or None where it does not tell.

    Kafka has no question for the time, but a quorum's leader says when it last caught up with itself: now.
    """
    began = time.time()
    try:
        (topic,) = client.describe_metadata_quorum()["topics"]
    except (KafkaError, KeyError, ValueError):  # not allowed, or without KRaft
        return None
    middle, log = (began + time.time()) / 2, topic["partitions"][0]
    theirs = [one["last_caught_up_timestamp"] for one in log["current_voters"] if one["replica_id"] == log["leader_id"]]
    return middle - theirs[0] / 1000 if theirs and theirs[0] > 0 else None


def _newest(client: KafkaAdminClient, given: Settings) -> float:
    """Return the time of the newest input record in seconds, 0 without records."""
    counts = topics.partition_counts(client, list(given.names.public_inputs))
    places = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
    found = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.MAX_TIMESTAMP)) if places else {}
    return max((float(at.timestamp) for at in found.values()), default=0.0) / 1000


def _config(client: KafkaAdminClient, broker_id: str) -> dict[str, str]:
    """Return some settings of a broker; nothing where we may not read them."""
    try:
        asked = [ConfigResource("BROKER", broker_id, [*REPLICAS, *SESSIONS])]
        said = client.describe_configs(asked, config_filter="all").get("broker", {}).get(broker_id, {})
    except KafkaError:
        return {}
    return {name: entry["value"] for name, entry in said.items()}


def _exists(client: KafkaAdminClient, setting: str) -> bool:
    """Whether Kafka's own topic behind a setting is there already, so that the setting counts no more."""
    topic = "__transaction_state" if setting.startswith("transaction") else "__consumer_offsets"
    return bool(topics.partition_counts(client, [topic]))
