"""`fanpulse topics manifest`: the topics for Strimzi's operator, from the same list that `topics create` goes by."""

import json
import re
from collections.abc import Iterator

import click

from agents.settings import Settings, read
from schemas.topics import TopicSpec

API = "kafka.strimzi.io/v1"


@click.command(short_help="Print the topics for the Strimzi operator (YAML).")
@click.option("--cluster", default="kafka", show_default=True, help="Name of the Kafka resource that owns the topics.")
def manifest(cluster: str) -> None:
    """Print the topics as KafkaTopic resources (YAML) for Strimzi; no broker is asked.

    FANPULSE_TOPIC_PREFIX, FANPULSE_GROUP, FANPULSE_PARTITIONS and FANPULSE_REPLICATION say what they are like.
    """
    click.echo(render(read(), cluster), nl=False)


def render(settings: Settings, cluster: str) -> str:
    """Return one YAML document per topic."""
    return "---\n".join("".join(_lines(spec, settings, cluster)) for spec in settings.names.specs())


def resource_name(topic: str) -> str:
    """Return a name that Kubernetes takes: Kafka's may have capitals and underscores.

    >>> resource_name("EU_likes")
    'eu-likes'
    """
    return re.sub(r"[^a-z0-9.-]", "-", topic.lower()).strip("-.")


def _lines(spec: TopicSpec, settings: Settings, cluster: str) -> Iterator[str]:
    yield f"# {spec.about}\n"
    yield f"apiVersion: {API}\nkind: KafkaTopic\n"
    yield f"metadata:\n  name: {_text(resource_name(spec.name))}\n"
    yield f"  labels:\n    strimzi.io/cluster: {_text(cluster)}\n"
    yield f"spec:\n  topicName: {_text(spec.name)}\n"
    yield f"  partitions: {settings.partitions}\n  replicas: {settings.replication}\n"
    yield "  config:\n"
    for name, value in spec.config(settings.replication).items():
        yield f"    {name}: {_text(value)}\n"


def _text(value: str) -> str:
    """Return a string as YAML reads it whatever is in it: JSON's strings are YAML's."""
    return json.dumps(str(value))
