"""Claims about queries on a real Kafka and a real Valkey: they answer with what was published, and nothing else."""

import json
import time
from urllib.parse import quote

import msgspec
from confluent_kafka import Producer

from agents.embedded.kafka import Kafka
from schemas.outputs.records import Evidence
from tests.agents.serve.outputs import T0, angry, flag, score
from tests.integration.serve.asking import SOON_S, fan, get, ids, metric, seq
from tests.integration.serve.outputs import Writer
from tests.support.installation import Installation
from tests.support.processes import Processes, until

LAG = 'fanpulse_serve_lag_messages{topic="fan-scores"}'


def test_queries_answer_with_what_was_published(processes: Processes, writer: Writer) -> None:
    first = score("weibo:1", 7, score=80.5, tier="core")
    churned_fan = score("weibo:3", score=20.0, lifecycle="churned", churn_risk=0.99, last_seen=T0 - 1000)
    left = score("weibo:2", score=61.0, lifecycle="at_risk", churn_risk=0.7)
    later = score("weibo:4", score=30.0, lifecycle="at_risk", churn_risk=0.9)
    cross = score("weibo:5", score=10.0, flags=angry("f5", 3))
    writer.write(first, churned_fan, left, later, cross, score("weibo:6", brand="lumen"))
    raised = flag("weibo:5", "f5", "negative", "raised", severity=3, evidence=Evidence(0, 0, "e9", "post-77"))
    writer.write(raised, flag("weibo:2", "f2", "churn", "at_risk"), flag("weibo:1", "f1", "tier", "core"))
    serve = processes.serve()
    assert fan(serve, "weibo:1") == json.loads(msgspec.json.encode(first))
    status, body = get(serve.port, "/fans/miot/nobody")
    assert (status, list(body)) == (404, ["error"])
    assert ids(serve, "/brands/miot/top", "fans") == ["weibo:1", "weibo:2", "weibo:4", "weibo:3", "weibo:5"]
    assert ids(serve, "/brands/miot/top?limit=2", "fans") == ["weibo:1", "weibo:2"]
    assert ids(serve, "/brands/miot/at-risk", "fans") == ["weibo:4", "weibo:2"]
    assert ids(serve, "/brands/miot/churned", "fans") == ["weibo:3"]
    assert ids(serve, "/brands/nobody/top", "fans") == []
    assert set(ids(serve, "/brands/miot/flags", "flags")) == {"weibo:1", "weibo:2", "weibo:5"}
    assert ids(serve, "/brands/miot/flags?category=leaving", "flags") == ["weibo:2"]
    assert ids(serve, "/fans/miot/weibo%3A1/flags", "flags") == ["weibo:1"]
    row = get(serve.port, "/brands/miot/angry")[1]["angry"][0]
    assert (row["fan"]["fan_id"], row["flag"]["evidence"]["post_id"]) == ("weibo:5", "post-77")
    brands = {line["brand_id"]: line for line in get(serve.port, "/brands")[1]["brands"]}
    assert brands["miot"] == {"brand_id": "miot", "fans": 5, "at_risk": 2, "angry": 1}
    assert brands["lumen"]["fans"] == 1


def test_fans_move_between_lists_and_stale_or_repeated_records_change_nothing(
    processes: Processes, writer: Writer
) -> None:
    serve = processes.serve()
    writer.write(score("a", 5, lifecycle="at_risk", flags=angry("f1")), flag("a", "f1", "negative", "raised"))
    until(lambda: seq(serve, "a") == 5, SOON_S, "the fan is there")
    assert ids(serve, "/brands/miot/at-risk", "fans") == ["a"]
    writer.write(score("a", 6, lifecycle="returned"), score("a", 4, score=99.0), score("a", 6, score=98.0))
    writer.write(flag("a", "f1", "negative", "raised"), flag("a", "f1", "negative", "cleared"))
    writer.write(score("marker", 1))
    until(lambda: seq(serve, "marker") == 1 and metric(serve, 'fanpulse_serve_lag_messages{topic="fan-flags"}') == 0,
          SOON_S, "all is read")  # fmt: skip
    record = fan(serve, "a")
    assert record is not None
    assert (record["seq"], record["score"]) == (6, 42.37)
    assert ids(serve, "/brands/miot/at-risk", "fans") == []
    assert get(serve.port, "/brands/miot/angry")[1]["angry"] == []
    until(lambda: len(ids(serve, "/brands/miot/flags", "flags")) == 2, SOON_S, "each state once")
    assert metric(serve, 'fanpulse_serve_dropped_total{reason="stale"}') == 3


def test_top_gainers_are_counted_once_however_many_processes_read(processes: Processes, writer: Writer) -> None:
    now = int(time.time() * 1000)
    both = [processes.serve(), processes.serve()]  # on one Redis: what one counted, the other must not count again
    writer.write(score("old", 1, score=50.0), score("new", 1, score=5.0, first_seen=now, as_of=now))
    until(lambda: all(seq(one, "old") == seq(one, "new") == 1 for one in both), SOON_S, "both fans are there")
    writer.write(score("old", 2, score=70.0, as_of=now), score("new", 2, score=12.0, first_seen=now, as_of=now))
    until(lambda: all(seq(one, "old") == seq(one, "new") == 2 for one in both), SOON_S, "both rose")
    until(lambda: all(metric(one, LAG) == 0 for one in both), SOON_S, "both have read it all")
    for one in both:
        body = get(one.port, "/brands/miot/top-gainers")[1]
        assert [(row["fan"]["fan_id"], row["gained"]) for row in body["top_gainers"]] == [("old", 20.0), ("new", 12.0)]
        assert 600_000 <= now - body["since"] <= 1_260_000


def test_unreadable_records_are_counted_and_their_neighbours_served(
    processes: Processes, writer: Writer, installation: Installation
) -> None:
    names = installation.settings().names
    for topic in (names.fan_scores, names.fan_flags):
        for key, value in ((b"miot:a", b"{"), (b"\xff", b"{}"), (b"nobody", b"null"), (b"miot:b", b'{"seq":1}')):
            writer.raw(topic, key, value)
    writer.raw(names.fan_flags, None, b"{}")  # a compacted topic takes no record without a key
    writer.write(score("a", 1))
    serve = processes.serve()
    assert seq(serve, "a") == 1
    assert metric(serve, 'fanpulse_serve_dropped_total{reason="unreadable"}') == 9


def test_a_batch_of_unreadable_records_alone_does_not_stop_the_reader(
    processes: Processes, writer: Writer, installation: Installation
) -> None:
    serve, topic = processes.serve(), installation.settings().names.fan_scores
    writer.raw(topic, b"miot:a", b"{")
    until(lambda: metric(serve, 'fanpulse_serve_dropped_total{reason="unreadable"}') == 1, SOON_S, "it is counted")
    writer.write(score("a", 1))
    until(lambda: seq(serve, "a") == 1, SOON_S, "the next record")
    assert serve.child.is_running


def test_a_tombstone_erases_a_fan_everywhere(processes: Processes, writer: Writer, installation: Installation) -> None:
    serve = processes.serve()
    writer.write(score("a", 9), score("b", 1), flag("a", "f1", "tier", "core"))
    until(lambda: seq(serve, "a") == 9 and seq(serve, "b") == 1, SOON_S, "both fans are there")
    writer.raw(installation.settings().names.fan_scores, b"miot:a", None)
    until(lambda: fan(serve, "a") is None, SOON_S, "the fan is gone")
    assert ids(serve, "/brands/miot/top", "fans") == ["b"]
    writer.write(score("a", 1))
    until(lambda: seq(serve, "a") == 1, SOON_S, "the fan starts again")


def test_strange_ids_are_served_like_any_other(processes: Processes, writer: Writer) -> None:
    names = ["a/b", "<script>alert(1)</script>", "100%25", "小明", "a?b#c", "x" * 64, "a\u2028\x07"]
    writer.write(*(score(name, 3) for name in names))
    serve = processes.serve()
    for name in names:
        assert seq(serve, name) == 3, name
    writer.write(flag("b/c", "f2", "tier", "core"))
    until(lambda: ids(serve, f"/fans/miot/{quote('b/c', safe='')}/flags", "flags") == ["b/c"], SOON_S, "its flag")


def test_only_committed_records_are_served(processes: Processes, kafka: Kafka, installation: Installation) -> None:
    serve, names = processes.serve(), installation.settings().names
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": names.group})
    producer.init_transactions(30)

    def publish(name: str) -> None:
        producer.begin_transaction()
        producer.produce(names.fan_scores, key=f"miot:{name}", value=msgspec.json.encode(score(name)), partition=0)
        producer.flush(30)

    publish("aborted")
    producer.abort_transaction(30)
    publish("committed")
    producer.commit_transaction(30)
    until(lambda: seq(serve, "committed") == 1, SOON_S, "the committed one")
    assert fan(serve, "aborted") is None
    # Behind the last record stands a marker: it must not look like a record that is still to come.
    until(lambda: metric(serve, 'fanpulse_serve_lag_messages{topic="fan-scores"}') == 0, SOON_S, "no lag")
    serve.restart()
