"""Topic ids (KIP-516): a topic that was deleted and created again has the same name and another id."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kafka import KafkaAdminClient

from agents.errors import ConfigError, UnavailableError

UNKNOWN_TOPIC = 3  # Kafka's error code
NO_ID = str(UUID(int=0))  # of a broker older than topic ids


def topic_ids(client: KafkaAdminClient, names: Sequence[str]) -> dict[str, str]:
    """Return the id of each topic that exists, as Kafka's own tools print it; "" where the broker has no ids.

    Raises:
        ConfigError: the broker does not let us see a topic.
        UnavailableError: a topic is not ready.
    """
    return {name: format_id(topic.get("topic_id")) for name, topic in described(client, names).items()}


def format_id(raw: str | None) -> str:
    """Return an id as Kafka's tools print it: URL-safe base64 of 16 bytes, 22 characters.

    >>> format_id("f2a53ab2-9be0-4d6c-8a2b-2f1b8a3b5d11")
    '8qU6spvgTWyKKy8bijtdEQ'
    """
    if raw is None or raw == NO_ID:
        return ""
    return base64.urlsafe_b64encode(UUID(raw).bytes).decode().rstrip("=")


def described(client: KafkaAdminClient, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the metadata of each topic that exists, in the order of the names.

    Raises:
        ConfigError, UnavailableError: as ``topic_ids``.
    """
    found = {}
    for topic in client.describe_topics(list(names)):
        if topic["error_code"] == 0:
            found[topic["name"]] = topic
        elif topic["error_code"] != UNKNOWN_TOPIC:
            raise _unseen(topic)
    return {name: found[name] for name in names if name in found}


def _unseen(topic: Mapping[str, Any]) -> ConfigError | UnavailableError:
    name, code = topic["name"], topic["error_code"]
    if code in {29, 17}:  # not authorized, not a name that Kafka allows
        why = "we may not see it" if code == 29 else "Kafka allows no such name"
        return ConfigError(f"topic {name}: {why}")
    return UnavailableError(f"topic {name} is not ready on the broker (Kafka's error {code})")
