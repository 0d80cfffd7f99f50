"""One declaration is enough: an input and a rule that only tests have appear wherever production's do.

What tasks do with them is claimed in tests/streams/test_model.py, the page in tests/integration/serve/page.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents.cli.admin.manifest import resource
from agents.cli.admin.schema import contract
from agents.cli.inspect.words import sentence
from agents.cli.publish.lines import BadLineError, input_topics, parse
from agents.metrics import Metrics
from agents.settings import Settings
from schemas.outputs.records import Evidence, FanFlag
from schemas.topics import Names
from streams.fans.model import MODEL
from streams.wire.records import ByteSlices
from tests.streams.histories import new_task, process, publish, record, texts
from tests.streams.model.composed import TEST_MODEL
from tests.streams.model.pings import TEST_PINGS

NAMES = Names("eu-", "eu-", "g", TEST_MODEL.inputs, ("fans", *(store.name for store in TEST_MODEL.stores)))
PING = {
    "event_id": "p1",
    "brand_id": "miot",
    "fan_id": "weibo:1",
    "platform": "weibo",
    "event_time": 1,
    "type": "test_echo",
}


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    return contract(TEST_MODEL)


def test_the_contract_has_the_input_its_kinds_and_what_the_rule_publishes(documents: dict[str, dict[str, Any]]) -> None:
    assert documents.keys() - contract().keys() == {"test-pings"}
    judge = Draft202012Validator(documents["test-pings"])
    judge.validate(PING)
    assert not judge.is_valid({**PING, "type": "pong"})
    scores, flags = documents["fan-scores"], documents["fan-flags"]
    assert {"test_ping", "test_echo"} <= scores["$defs"]["Counts"]["properties"].keys()
    assert "pings" in scores["$defs"]["Test"]["properties"]
    assert "test-pinged" in scores["$defs"]["StandingFlag"]["properties"]["kind"]["enum"]
    for field, value in (("kind", "test-pinged"), ("state", "pinged"), ("from", "quiet"), ("reason", "pings")):
        assert value in flags["properties"][field]["enum"]


def test_what_is_published_is_as_the_contract_says(documents: dict[str, dict[str, Any]]) -> None:
    task = new_task(TEST_MODEL)
    process(task, TEST_PINGS, [record(n, n * 1000) for n in range(4)])
    output = publish(task)
    (scores,) = _decoded(output.scores)
    (flag,) = [one for one in _decoded(output.flags) if one["kind"] == "test-pinged"]
    Draft202012Validator(documents["fan-scores"]).validate(scores)
    Draft202012Validator(documents["fan-flags"]).validate(flag)
    assert (scores["test"]["pings"], scores["counts"]) == (4, {"test_ping": 4})
    assert flag["state"] == "pinged"
    assert not Draft202012Validator(contract()["fan-flags"]).is_valid(flag), "production has no such flag"


def test_metrics_have_its_series_before_the_first_event() -> None:
    metrics = Metrics(TEST_MODEL, ["weibo"])
    metrics.begin_at_zero(["miot"])

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    for outcome in ("applied", "duplicate", "late", "rejected"):
        assert value("fanpulse_events_total", topic="test-pings", platform="weibo", outcome=outcome) == 0.0
    assert value("fanpulse_offsets_overruled", topic="test-pings") == 0.0
    assert value("fanpulse_input_absent", topic="test-pings") == 0.0
    flag = {"brand": "miot", "kind": "test-pinged", "state": "pinged", "reason": "pings"}
    assert value("fanpulse_flags_total", **flag) == 0.0
    task = new_task(TEST_MODEL)
    process(task, TEST_PINGS, [record(n, n * 1000) for n in range(4)])
    metrics.fans.put(["other", "miot"], task.fans.columns.class_counts, task.fans.columns.score_sums)
    assert value("fanpulse_pinged_fans", brand="miot", pinged="pinged") == 1.0


def test_topics_of_the_input_and_of_the_store_are_created_and_printed_for_operators() -> None:
    specs = {spec.name: spec for spec in NAMES.specs()}
    assert specs["eu-test-pings"].is_required is False
    assert specs["eu-g-test-reminders-changelog"].is_internal
    assert resource(specs["eu-test-pings"], Settings(), "kafka")["spec"]["topicName"] == "eu-test-pings"


def test_load_publishes_its_events() -> None:
    known = input_topics(NAMES)
    sent = parse(json.dumps({"topic": "test-pings", **PING}).encode(), known)
    assert (sent.topic, sent.key, json.loads(sent.value)) == ("eu-test-pings", b"miot:weibo:1", PING)
    with pytest.raises(BadLineError, match="pong"):
        parse(json.dumps({"topic": "test-pings", **PING, "type": "pong"}).encode(), known)
    with pytest.raises(BadLineError, match="field topic must be one of likes"):
        parse(json.dumps({"topic": "test-pings", **PING}).encode(), input_topics(Names("", "", "g", MODEL.inputs)))


def test_the_command_line_has_words_for_its_flag() -> None:
    flag = FanFlag(
        1, "f1", "miot", "weibo:1", "test-pinged", "pinged", "quiet", "pings", 2, Evidence(0, 0), 1.0, "1", 0, 1
    )  # fmt: skip
    assert sentence(flag) == "pinged (pings)"


def _decoded(columns: Iterable[tuple[object, ByteSlices]]) -> list[dict[str, Any]]:
    return [json.loads(value or b"") for _, values in columns for value in texts(values)]


@pytest.mark.parametrize("name", ["pings", "pinged"])
def test_the_guide_shows_these_files_as_they_are(name: str) -> None:
    root = Path(__file__).parents[1]
    source = (root / f"tests/streams/model/{name}.py").read_text(encoding="utf-8")
    added = "".join(f"+{line}\n" for line in source.splitlines())
    assert added in (root / "docs/extending.md").read_text(encoding="utf-8")
