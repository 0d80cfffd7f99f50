"""Claims about `fanpulse topics manifest`; validators see its output in tests/integration/manifests."""

import yaml
from click.testing import CliRunner

from agents.cli.main import cli
from schemas.topics import Names

NAMES = Names("EU_", "EU_", "fan.pulse")


def printed(*arguments: str, **environ: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(cli, ["topics", "manifest", *arguments], env=environ)
    assert result.exit_code == 0, result.output
    return list(yaml.safe_load_all(result.output))


def test_every_topic_is_printed_as_it_must_be_and_no_broker_is_asked() -> None:
    environ = {"FANPULSE_TOPIC_PREFIX": "EU_", "FANPULSE_GROUP": "fan.pulse", "FANPULSE_REPLICATION": "3"}
    found = printed("--cluster", "kafka", **environ, FANPULSE_PARTITIONS="24", FANPULSE_BROKER="nowhere:1")
    assert [one["spec"] for one in found] == [
        {"topicName": spec.name, "partitions": 24, "replicas": 3, "config": spec.config(3)} for spec in NAMES.specs()
    ]
    assert found[0]["metadata"] == {"name": "eu-likes", "labels": {"strimzi.io/cluster": "kafka"}}


def test_json_is_a_list_of_the_same_resources() -> None:
    (found,) = printed("--json")
    assert (found["apiVersion"], found["kind"], found["items"]) == ("v1", "List", printed())


def test_a_name_is_only_a_name_whatever_it_holds() -> None:
    (metadata, *_) = [one["metadata"] for one in printed("--cluster", 'no: "yes"\n---')]
    assert metadata == {"name": "likes", "labels": {"strimzi.io/cluster": 'no: "yes"\n---'}}
