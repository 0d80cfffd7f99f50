"""The commands that look after Kafka, on a real one: topics, config, dlq."""

import asyncio
import re
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.embedded.kafka import Kafka
from agents.kafka.connection import admin, aiokafka_options
from agents.kafka.topics import partition_counts
from schemas.dead_letters import Refusal, RefusalKind, headers
from tests.support.calling import call
from tests.support.installation import Installation, fresh
from tests.support.processes import until


def test_topics_are_created_once_and_then_checked(installation: Installation) -> None:
    specs = installation.settings().names.specs()
    missing = call(installation, "topics", "check")
    assert missing.code == 1
    assert "topics are missing" in missing.out
    assert "fanpulse topics create" in missing.out
    assert [row["state"] for row in call(installation, "topics", "create", "--json").rows] == ["created"] * len(specs)
    assert {row["state"] for row in call(installation, "topics", "create", "--json").rows} == {"exists"}
    assert call(installation, "topics", "check", "--json").fields == {"ok": True, "problems": []}


def test_topics_that_exist_give_the_others_their_partition_count(installation: Installation) -> None:
    likes, *others = installation.settings().names.inputs
    with admin(installation.settings()) as client:
        client.create_topics({likes: {"num_partitions": 3, "replication_factor": 1}}, wait_for_metadata=True)
        assert call(installation, "topics", "create", PARTITIONS=7).code == 0
        assert {len(topic["partitions"]) for topic in client.describe_topics([likes, *others])} == {3}


def test_unequal_counts_and_a_wrong_policy_are_told(installation: Installation) -> None:
    installation.create_topics()
    names = installation.settings().names
    likes, reposts, *_ = names.inputs
    with admin(installation.settings()) as client:
        client.delete_topics([names.fan_scores])
        wrong = {"num_partitions": 5, "replication_factor": 1, "configs": {"cleanup.policy": "delete"}}
        client.create_topics({names.fan_scores: wrong}, wait_for_metadata=True)
        client.delete_topics([likes])
        both = [likes, names.fan_scores]
        until(lambda: partition_counts(client, both) == {names.fan_scores: 5}, 30, "the broker shows it")
    made = call(installation, "topics", "create")
    assert (made.code, made.out) == (78, "")
    assert "partition counts differ" in made.err
    checked = call(installation, "topics", "check")
    assert checked.code == 1
    assert f"topics are missing: {likes};" in checked.out
    assert f"(4: {reposts}, " in checked.out
    assert f" / 5: {names.fan_scores})" in checked.out
    assert f"topic {names.fan_scores} has cleanup.policy=delete and must have compact" in checked.out


def test_more_replicas_than_brokers_are_refused_in_a_sentence(installation: Installation) -> None:
    result = call(installation, "topics", "create", REPLICATION=3)
    assert result.code == 78
    assert "only 1 broker(s) are registered" in result.err


@pytest.mark.parametrize("words", ["topics check", "topics create", "dlq list", "simulate", "load -"])
def test_a_broker_that_is_not_there_is_one_sentence(installation: Installation, words: str) -> None:
    result = call(installation, *words.split(), BROKER="127.0.0.1:1")
    assert (result.code, result.out) == (69, "")
    assert re.fullmatch("fanpulse: no Kafka broker answers at 127.0.0.1:1 .*\n", result.err)


def test_config_shows_what_is_in_force_and_no_secret(installation: Installation) -> None:
    secrets = {"KAFKA_PASSWORD": "s3cret", "WEB_TOKEN": "t0ken", "REDIS_URL": "redis://:pa55@h:1/0"}
    result = call(installation, "config", "show", "--json", **secrets)
    rows = {row["name"]: row for row in result.rows}
    assert rows["FANPULSE_GROUP"]["value"] == installation.given["GROUP"]
    assert rows["FANPULSE_KAFKA_PASSWORD"]["value"] == "(set)"
    assert [rows[f"FANPULSE_{name}"]["is_default"] for name in ("GROUP", "WEB_PORT")] == [False, True]
    table = call(installation, "config", "show", **secrets)
    assert "before every topic's name" in table.out
    for secret in ("s3cret", "t0ken", "pa55"):
        assert secret not in result.out + table.out


def test_a_setting_that_is_none_is_named(installation: Installation) -> None:
    result = call(installation, "config", "show", WEB_PORT="many")
    assert result.code == 78
    assert "FANPULSE_WEB_PORT" in result.err


async def refuse(installation: Installation, n: int) -> None:
    """Write dead letters as the worker does, in transactions, some of them aborted."""
    settings = installation.settings()
    async with AIOKafkaProducer(**aiokafka_options(settings), transactional_id=settings.group) as producer:
        for i in range(n):
            await producer.begin_transaction()
            origin = headers("likes", i % 4, i, Refusal(RefusalKind.NO_VALUE, "empty value"))
            await producer.send_and_wait(
                settings.names.dead_letters, b"sehr privat", b"miot:f", partition=i % 4, headers=origin
            )
            await (producer.abort_transaction() if i % 3 == 2 else producer.commit_transaction())


def test_dead_letters_are_listed_newest_first_without_their_words(installation: Installation) -> None:
    installation.create_topics()
    assert call(installation, "dlq", "list").out == "no dead letters\n"
    asyncio.run(refuse(installation, 60))
    rows = call(installation, "dlq", "list", "--json", "--limit", "5").rows
    assert [row["offset"] for row in rows] == [58, 57, 55, 54, 52]
    assert rows[0].items() >= {"topic": "likes", "partition": 2, "reason": "empty value", "key": "miot:f"}.items()
    assert len(call(installation, "dlq", "list", "--json", "--limit", "1000").rows) == 40
    plain = call(installation, "dlq", "list")
    assert "likes/2@58" in plain.out
    assert "privat" not in plain.out
    assert "sehr privat" in call(installation, "dlq", "list", "--show-value").out


def test_a_login_is_taken_or_refused_in_a_sentence(tmp_path: Path) -> None:
    users = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_ops="right-one";'
    extra = {"sasl.enabled.mechanisms": "PLAIN", "listener.name.client.plain.sasl.jaas.config": users}
    broker = Kafka(tmp_path / "kafka", protocol="SASL_PLAINTEXT", extra=extra)
    broker.start()
    try:
        ours = fresh(tmp_path, broker.bootstrap, KAFKA_SECURITY="SASL_PLAINTEXT", KAFKA_USERNAME="ops")
        assert call(ours, "topics", "create", KAFKA_PASSWORD="right-one").code == 0
        sent = call(ours, "simulate", "--fans", "20", "--count", "5", "--json", KAFKA_PASSWORD="right-one")
        assert sent.fields["live"] == 5
        refused = call(ours, "topics", "check", KAFKA_PASSWORD="wrong-one")
        assert refused.code == 78, refused.err
        assert "refuses user 'ops'" in refused.err
        assert "wrong-one" not in refused.err
        assert "does not speak Kafka over PLAINTEXT" in call(ours, "dlq", "list", KAFKA_SECURITY="PLAINTEXT").err
    finally:
        broker.stop()
