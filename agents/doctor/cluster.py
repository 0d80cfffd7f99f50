"""The brokers: which there are, what they allow, and what time it is there."""

import time
from collections.abc import Iterator

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, OffsetSpec
from kafka.errors import KafkaError

from agents.doctor.finding import CheckState, Finding
from agents.errors import ConfigError, FanpulseError
from agents.kafka import topics
from agents.settings import Settings
from schemas.inputs.declaration import MAX_CLOCK_AHEAD_MS

CLOCK_WARN_S, CLOCK_FAIL_S = 2.0, 60.0
BY_NTP = "set the clocks by NTP (chrony, systemd-timesyncd) on every machine"
REPLICAS = ("transaction.state.log.replication.factor", "offsets.topic.replication.factor")
SESSIONS = ("group.min.session.timeout.ms", "group.max.session.timeout.ms")


def unreached(error: FanpulseError, settings: Settings) -> Finding:
    """Return the finding for a broker that could not be asked; the sentence says which of the reasons it is."""
    message, secured = str(error), settings.kafka_security.startswith("SASL")
    if "does not allow" in message or "may not see" in message:
        remedy = "grant it with kafka-acls.sh, or use another FANPULSE_KAFKA_USERNAME"
    elif "refuses" in message and secured:
        remedy = "correct FANPULSE_KAFKA_USERNAME, FANPULSE_KAFKA_PASSWORD or FANPULSE_KAFKA_MECHANISM"
    elif "TLS" in message or "certificate" in message.lower():
        remedy = "name the certificate of the authority that signed the broker's in FANPULSE_KAFKA_CA"
    elif "does not speak" in message:
        remedy = (
            "set FANPULSE_KAFKA_SECURITY to the protocol of that listener: TLS (SSL, SASL_SSL), a login, or neither"
        )
    elif isinstance(error, ConfigError):
        remedy = "correct that setting"
    else:
        remedy = "start Kafka, or correct FANPULSE_BROKER; or check firewalls between here and there"
    return Finding("broker", CheckState.FAIL, message, remedy)


def broker(client: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    """Ask which brokers there are, and whether they allow what a worker needs."""
    cluster = client.describe_cluster()
    brokers = [one for one in cluster["brokers"] if not one.get("is_fenced")]
    yield Finding("broker", CheckState.OK, f"{len(brokers)} broker(s), cluster {cluster['cluster_id']}")
    config = _config(client, str(brokers[0]["broker_id"])) if brokers else {}
    for name in REPLICAS:
        if int(config.get(name, 1)) > len(brokers) and not _exists(client, name):
            message = f"{name} is {config[name]} and there are {len(brokers)} broker(s): no worker can start"
            yield Finding("broker", CheckState.FAIL, message, f"start more brokers, or lower {name} on the brokers")
    least, most = (int(config.get(name, 0)) for name in SESSIONS)
    session = settings.session_timeout_s * 1000
    if config and not least <= session <= most:
        message = f"the broker allows sessions of {least / 1000:g} to {most / 1000:g} s"
        remedy = f"set FANPULSE_SESSION_TIMEOUT_S to a value in that range; it is {settings.session_timeout_s:g}"
        yield Finding("broker", CheckState.FAIL, message, remedy)


def clock(client: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    """Compare our clock with the brokers', and with the newest records' times."""
    off, ahead = _ahead_of_quorum(client), _newest(client, settings) - time.time()
    if off is not None and abs(off) > CLOCK_WARN_S:
        state = CheckState.FAIL if abs(off) > CLOCK_FAIL_S else CheckState.WARN
        yield Finding("clock", state, f"this machine's clock is {clock_offset(off)} that of Kafka", BY_NTP)
    if ahead > CLOCK_WARN_S:
        state = CheckState.FAIL if ahead * 1000 > MAX_CLOCK_AHEAD_MS else CheckState.WARN
        message = f"the newest record is {ahead:.1f} s ahead of this machine's clock"
        yield Finding("clock", state, message, f"{BY_NTP}; events more than 5 min ahead are refused")
    if (off is None or abs(off) <= CLOCK_WARN_S) and ahead <= CLOCK_WARN_S:
        message = "not behind the newest record" if off is None else f"{abs(off):.1f} s off that of Kafka"
        yield Finding("clock", CheckState.OK, message)


def clock_offset(seconds: float) -> str:
    """Return how far a clock is off, in words.

    >>> clock_offset(-3.04), clock_offset(90.0)
    ('3.0 s behind', '90.0 s ahead of')
    """
    return f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'}"


def _ahead_of_quorum(client: KafkaAdminClient) -> float | None:
    """Return by how many seconds our clock is ahead of the controller's, or None where it does not say.

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


def _newest(client: KafkaAdminClient, settings: Settings) -> float:
    """Return the time of the newest input record in seconds, 0 without records."""
    counts = topics.partition_counts(client, list(settings.names.public_inputs))
    places = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
    found = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.MAX_TIMESTAMP)) if places else {}
    return max((float(at.timestamp) for at in found.values()), default=0.0) / 1000


def _config(client: KafkaAdminClient, broker_id: str) -> dict[str, str]:
    """Return some settings of a broker; nothing where we may not read them."""
    try:
        asked = [ConfigResource("BROKER", broker_id, [*REPLICAS, *SESSIONS])]
        message = client.describe_configs(asked, config_filter="all").get("broker", {}).get(broker_id, {})
    except KafkaError:
        return {}
    return {name: entry["value"] for name, entry in message.items()}


def _exists(client: KafkaAdminClient, setting: str) -> bool:
    """Whether Kafka's own topic behind a setting is there already, so that the setting counts no more."""
    topic = "__transaction_state" if setting.startswith("transaction") else "__consumer_offsets"
    return bool(topics.partition_counts(client, [topic]))
