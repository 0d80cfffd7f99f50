"""The installation's topics on the broker: create what is missing, and say what is not as it must be."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from agents.errors import ConfigError
from agents.kafka.connection import admin
from agents.kafka.topic_ids import described
from agents.settings import Settings
from schemas.topics import TopicSpec

TOPIC_EXISTS = 36  # Kafka's error code
REMEDY = "`fanpulse topics create` creates what is missing"


def create(settings: Settings) -> list[str]:
    """Create every missing topic, and return the names of those when the broker shows them all.

    Where some exist already, the others get their partition count instead of FANPULSE_PARTITIONS: all must be equal.
    Two that create at once do not disturb each other.

    Raises:
        ConfigError: topics that exist differ in their partition counts, or the broker refuses to create one.
        UnavailableError: no broker answers.
    """
    specs = {spec.name: spec for spec in settings.names.specs()}
    with admin(settings) as client:
        there = partition_counts(client, list(specs))
        if len(set(there.values())) > 1:
            raise ConfigError(_unequal(there))
        count = next(iter(there.values()), settings.partitions)
        missing = [name for name in specs if name not in there]
        if not missing:
            return []
        made = create_missing(client, settings, [specs[name] for name in missing], count)
    return [name for name in missing if name in made]


def create_missing(
    client: KafkaAdminClient, settings: Settings, specs: Sequence[TopicSpec], partitions: int
) -> list[str]:
    """Create topics with a partition count, and return the names of those that nobody else created meanwhile.

    Raises:
        ConfigError: the broker refuses to create one.
    """
    if not specs:
        return []
    answer = client.create_topics(
        {spec.name: _wanted(spec, partitions, settings.replication) for spec in specs}, raise_errors=False
    )
    for topic in answer["topics"]:
        if topic["error_code"] not in {0, TOPIC_EXISTS}:
            raise ConfigError(f"the broker refuses to create topic {topic['name']}: {topic['error_message']}")
    client.wait_for_topics([spec.name for spec in specs])
    return [topic["name"] for topic in answer["topics"] if topic["error_code"] == 0]


def check(
    settings: Settings, specs: Sequence[TopicSpec] | None = None, client: KafkaAdminClient | None = None
) -> list[str]:
    """Return what is wrong with the topics, a sentence each; nothing when all is well.

    Args:
        settings: name the broker and the topics.
        specs: those that matter; by default all of the installation's.
        client: a connection to ask over; by default a new one.
    """
    specs = settings.names.specs() if specs is None else specs
    with _use(settings, client) as asked:
        return _problems(asked, specs)[0]


def ensure(settings: Settings, specs: Sequence[TopicSpec] | None = None) -> int:
    """Return the partition count that all topics share.

    Raises:
        ConfigError: a topic is missing or is not as it must be; the sentence holds the remedy.
        UnavailableError: no broker answers.
    """
    specs = settings.names.specs() if specs is None else specs
    with admin(settings) as client:
        problems, counts = _problems(client, specs)
    if problems:
        raise ConfigError("; ".join(problems))
    return next(iter(counts.values()))


def partition_counts(client: KafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """Return the partition count of each topic that exists, in the order asked for.

    Raises:
        ConfigError: the broker does not let us see a topic.
    """
    return {name: len(topic["partitions"]) for name, topic in described(client, names).items()}


def _problems(client: KafkaAdminClient, specs: Sequence[TopicSpec]) -> tuple[list[str], dict[str, int]]:
    counts = partition_counts(client, [spec.name for spec in specs])
    problems = []
    if missing := [spec.name for spec in specs if spec.name not in counts]:
        problems.append(f"topics are missing: {', '.join(missing)}; {REMEDY}")
    if len(set(counts.values())) > 1:
        problems.append(_unequal(counts))
    policies = _policies(client, list(counts))
    for spec in specs:
        found = policies.get(spec.name, spec.cleanup)
        if found != spec.cleanup:
            remedy = (
                f"set it with kafka-configs.sh --alter --topic {spec.name} --add-config cleanup.policy={spec.cleanup}"
            )
            problems.append(f"topic {spec.name} has cleanup.policy={found} and must have {spec.cleanup}; {remedy}")
    return problems, counts


def _policies(client: KafkaAdminClient, names: list[str]) -> dict[str, str]:
    """Return each topic's cleanup policy; a broker that does not let us read it leaves it out."""
    if not names:
        return {}
    asked = [ConfigResource("TOPIC", name, ["cleanup.policy"]) for name in names]
    described = client.describe_configs(asked, config_filter="all").get("topic", {})
    return {name: entry["cleanup.policy"]["value"] for name, entry in described.items() if "cleanup.policy" in entry}


def _wanted(spec: TopicSpec, partitions: int, replication: int) -> dict[str, object]:
    return {"num_partitions": partitions, "replication_factor": replication, "configs": spec.config(replication)}


def _unequal(counts: Mapping[str, int]) -> str:
    """Say which topics differ, briefly: those with the same count stand together."""
    groups: dict[int, list[str]] = {}
    for name, count in counts.items():
        groups.setdefault(count, []).append(name)
    described = " / ".join(f"{count}: {', '.join(names)}" for count, names in sorted(groups.items()))
    return (
        f"partition counts differ ({described}) and must be equal; "
        "delete and create the wrong ones, or use another FANPULSE_TOPIC_PREFIX"
    )


def _use(settings: Settings, client: KafkaAdminClient | None) -> AbstractContextManager[KafkaAdminClient]:
    return admin(settings) if client is None else nullcontext(client)
