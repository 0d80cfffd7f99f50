"""`fanpulse topics manifest`: the topics for Strimzi's operator, from the list that `topics create` uses."""

import json
import re
from collections.abc import Mapping
from typing import Any

import click
import orjson

from agents.cli.output import json_option
from agents.settings import Settings, read
from schemas.topics import TopicSpec

API = "kafka.strimzi.io/v1"


@click.command(short_help="Print the topics for the Strimzi operator (YAML).")
@click.option("--cluster", default="kafka", show_default=True, help="Name of the Kafka resource that owns the topics.")
@json_option
def manifest(cluster: str, *, as_json: bool) -> None:
    """Print the topics as KafkaTopic resources (YAML) for Strimzi; needs no broker.

    FANPULSE_TOPIC_PREFIX, FANPULSE_GROUP, FANPULSE_PARTITIONS and FANPULSE_REPLICATION are used.
    """
    settings = read()
    if as_json:
        rows = [resource(spec, settings, cluster) for spec in settings.names.specs()]
        click.echo(orjson.dumps({"apiVersion": "v1", "kind": "List", "items": rows}, option=orjson.OPT_INDENT_2))
    else:
        click.echo(render(settings, cluster), nl=False)


def render(settings: Settings, cluster: str) -> str:
    """Return one YAML document per topic."""
    specs = settings.names.specs()
    return "---\n".join(f"# {spec.about}\n{_yaml(resource(spec, settings, cluster))}" for spec in specs)


def resource(spec: TopicSpec, settings: Settings, cluster: str) -> dict[str, Any]:
    """Return the KafkaTopic resource of a topic."""
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": resource_name(spec.name), "labels": {"strimzi.io/cluster": cluster}},
        "spec": {
            "topicName": spec.name,
            "partitions": settings.partitions,
            "replicas": settings.replication,
            "config": spec.config(settings.replication),
        },
    }


def resource_name(topic: str) -> str:
    """Return a valid Kubernetes name: Kafka's may have capitals and underscores.

    >>> resource_name("EU_likes")
    'eu-likes'
    """
    return re.sub(r"[^a-z0-9.-]", "-", topic.lower()).strip("-.")


def _yaml(fields: Mapping[str, Any], depth: int = 0) -> str:
    """Return fields as YAML; JSON's strings are YAML's, so that a value is only a value whatever is in it."""
    lines = ""
    for name, value in fields.items():
        written = f"\n{_yaml(value, depth + 1)}" if isinstance(value, Mapping) else f" {json.dumps(value)}\n"
        lines += f"{'  ' * depth}{name}:{written}"
    return lines
