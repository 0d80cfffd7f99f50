"""All that screens ask has an answer: real worker and serve under demo traffic, scraped by a real Prometheus."""

import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from msgspec import Struct

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from agents.supervise.ports import LOOPBACK, free_port, free_row
from schemas.inputs import COMMENTS
from streams.fans.model import MODEL
from tests.integration.deploy.dashboards import Query, dashboards, queries
from tests.integration.deploy.watching import Prometheus
from tests.support.installation import Installation, fresh
from tests.support.processes import Processes, until

PLACES = len(MODEL.inputs) * 4  # partitions
FLAGS = {(spec.kind, *labels) for spec in MODEL.flag_specs for labels in spec.transitions}
LAG = "fanpulse_consumer_lag_messages"
TIMEOUT_S = 40.0
EVERYTHING = {"__rate_interval": "20s", "brand": ".*", "topic": ".*"}
ONE = {"__rate_interval": "20s", "brand": "miot", "topic": "comments"}
ASKED = [query for dashboard_json in dashboards().values() for query in queries(dashboard_json)]


class Watched(Struct):
    """What is watched; the early worker (as an instance) and since when its lag was known."""

    prometheus: Prometheus
    early: str
    ready_at: float


@pytest.fixture(scope="module")
def watched(kafka: Kafka, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Two workers, of which the second came later, serve, demo traffic, bad records."""
    place = tmp_path_factory.mktemp("watched")
    params = place / "params.toml"
    params.write_text("[brands.miot]\nversion = 2\n", encoding="utf-8")
    installation = fresh(place, kafka.bootstrap, valkey.url, PARAMS=params, TICK_S=1)
    processes = Processes(installation)
    first, second, serve = free_port(), free_port(), free_row(2)
    prometheus = Prometheus(place, {"fanpulse-worker": [first, second], "fanpulse-serve": [serve + 1]})
    try:
        prometheus.start()
        installation.create_topics()
        early = processes.worker(0, METRICS_PORT=first, ready=False)
        processes.serve(METRICS_PORT=serve)
        early.wait_ready()
        until(lambda: prometheus.ask(f"count({LAG})") == [PLACES], TIMEOUT_S, "the worker's lag is scraped")
        ready_at = time.time()
        processes.command("simulate", "--rate", "60", "--fans", "120")
        send_bad_records(installation)
        until(lambda: sum(prometheus.ask("sum(fanpulse_dead_letters_total)")) > 0, TIMEOUT_S, "records are refused")
        processes.worker(1, METRICS_PORT=second)
        yield Watched(prometheus, f"{LOOPBACK}:{first}", ready_at)
    finally:
        processes.end()
        prometheus.stop()


def send_bad_records(installation: Installation) -> None:
    producer = Producer({"bootstrap.servers": installation.settings().broker})
    for value in (b"no JSON", b"{}", b'{"event_id": 1}'):
        producer.produce(installation.settings().names.of(COMMENTS), value, b"miot:weibo:1")
    assert producer.flush(30) == 0


@pytest.mark.parametrize("variables", [EVERYTHING, ONE], ids=["everything", "one brand, one topic"])
def test_every_panel_has_an_answer(watched: Watched, variables: dict[str, str]) -> None:
    until(
        lambda: not watched.prometheus.unanswered(ASKED, variables),
        TIMEOUT_S,
        lambda: "all is answered; left:\n" + "\n".join(watched.prometheus.unanswered(ASKED, variables)),
    )


@pytest.mark.parametrize(
    "expr",
    [
        "sum(rate(fanpulse_event_total[$__rate_interval]))",
        'sum(fanpulse_fans{lifecycle="at risk"})',
        'sum by (brand) (fanpulse_events_total{brand=~"$brand"})',
        "fanpulse:latency_seconds:p98_5m",
        "histogram_quantile(0.99, sum(rate(fanpulse_end_to_end_latency_seconds_bucket[$__rate_interval])))",
    ],
)
def test_a_planted_wrong_name_is_seen(watched: Watched, expr: str) -> None:
    planted = Query("planted", expr)
    assert watched.prometheus.unanswered([planted], ONE) == [f"planted: {planted.populated(ONE)}"]


def test_every_rule_works_and_every_recording_has_an_answer(watched: Watched) -> None:
    rules = watched.prometheus.rules()
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    recorded = [Query(rule["name"], rule["name"]) for rule in rules if rule["type"] == "recording"]
    assert recorded
    until(
        lambda: not watched.prometheus.unanswered(recorded, {}),
        TIMEOUT_S,
        lambda: f"all is recorded; left: {watched.prometheus.unanswered(recorded, {})}",
    )


def test_lag_is_told_once_for_each_partition_and_never_lost_by_a_rebalance(watched: Watched) -> None:
    prometheus = watched.prometheus
    kept_once = f"count(count by (topic, partition) ({LAG}) == 1)"
    both = f"count(count by (instance) ({LAG}))"
    until(
        lambda: prometheus.ask(kept_once) == [PLACES] and prometheus.ask(both) == [2],
        TIMEOUT_S,
        lambda: f"each place has one owner: {prometheus.labels(LAG)}",
    )
    kept = "|".join({series["partition"] for series in prometheus.labels(f'{LAG}{{instance="{watched.early}"}}')})
    of_kept = f'{LAG}{{instance="{watched.early}",partition=~"{kept}"}}'
    seen = prometheus.history(f"count({of_kept})", watched.early, watched.ready_at, time.time())
    assert seen
    assert {*seen} == {*prometheus.ask(f"count({of_kept})")}, "what a worker kept was not exported for a while"
    assert sum(prometheus.ask("sum(fanpulse_rebalances_total)")) >= 3, "there was no rebalance"


def test_flags_have_no_labels_but_those_that_begin_at_zero(watched: Watched) -> None:
    series_found = watched.prometheus.labels('fanpulse_flags_total{brand="miot"}')
    assert {(series["kind"], series["state"], series["reason"]) for series in series_found} == FLAGS
    assert sum(watched.prometheus.ask("sum(fanpulse_flags_total)")) > 0
