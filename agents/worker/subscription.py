"""What a worker subscribes: every declared input that exists, and what it creates so that it can start."""

import logging

import msgspec
from kafka import KafkaAdminClient

from agents.errors import ConfigError
from agents.kafka.connection import admin
from agents.kafka.topics import create_missing, ensure, partition_counts
from agents.settings import Settings
from schemas.inputs.declaration import Input
from schemas.topics import Names, TopicSpec

log = logging.getLogger(__name__)


def subscribe(settings: Settings, names: Names) -> tuple[Names, int]:
    """Return the names with the inputs that this worker reads, and their partition count.

    Internal topics and optional inputs that are missing are created (``FANPULSE_CREATE_TOPICS=0``: then an optional
    one is left out until a restart). An optional input with another partition count is left out, with an alarm: it
    never stops scoring.

    Raises:
        ConfigError: a required topic is missing or is not as it must be; the sentence holds the remedy.
        UnavailableError: no broker answers.
    """
    optional = {spec.name for spec in names.specs() if not spec.is_required}
    with admin(settings) as client:
        required = [spec for spec in names.specs() if spec.is_required and not spec.is_internal]
        count = ensure(settings, required)
        if settings.create_topics:
            created = create_missing(client, settings, _to_create(client, names, optional), count)
            if created:
                log.info("created topics: %s", ", ".join(created))
        counts = partition_counts(client, [spec.name for spec in names.specs()])
    missing = [spec.name for spec in names.specs() if spec.is_internal and spec.name not in counts]
    if missing:
        raise ConfigError(f"topics are missing: {', '.join(missing)}; `fanpulse topics create` creates what is missing")
    ensure(settings, [spec for spec in names.specs() if spec.name not in optional])
    return msgspec.structs.replace(names, declared=_readable(names, optional, counts, count)), count


def _to_create(client: KafkaAdminClient, names: Names, optional: set[str]) -> list[TopicSpec]:
    specs = [spec for spec in names.specs() if spec.is_internal or spec.name in optional]
    existing = partition_counts(client, [spec.name for spec in specs])
    return [spec for spec in specs if spec.name not in existing]


def _readable(names: Names, optional: set[str], counts: dict[str, int], count: int) -> tuple[Input, ...]:
    readable = []
    for name, source in names.inputs.items():
        if name in optional and name not in counts:
            log.warning("optional input %s does not exist: it is left out until a restart", name)
        elif name in optional and counts[name] != count:
            log.error(
                "optional input %s has %s partitions and all others %s: it is left out; create it again with %s",
                name,
                counts[name],
                count,
                count,
            )
        else:
            readable.append(source)
    return tuple(readable)
