"""One file adds an input, one file a rule: what people see of them derives from the declarations."""

import msgspec
import orjson
import pytest
from aiokafka import TopicPartition

from agents.cli.inspect.words import sentence
from agents.cli.publish.lines import BadLineError, InputTopic, parse
from agents.metrics import OTHER, Metrics
from agents.serve.read_model import category_of
from agents.serve.traffic import RateSampler
from schemas.contract.documents import documents
from schemas.outputs.records import Evidence, FanFlag
from schemas.topics import Names
from streams.fans.model import MODEL
from tests.streams.model.composed import TEST_MODEL
from tests.streams.model.pings import TEST_PINGS

NAMES = Names("eu-", "eu-", "g", TEST_MODEL.inputs, ("fans", "reminders"))
PINGED = FanFlag(
    1, "id", "miot", "f", "test-pinged", "pinged", "quiet", "pings", 2, Evidence(0, 5), 1.0, "1", 0, 1
)  # fmt: skip


def test_the_topics_of_an_installation_have_the_input_and_the_stores_changelog() -> None:
    specs = {spec.name: spec for spec in NAMES.specs()}
    assert not specs["eu-test-pings"].is_required
    assert "eu-g-reminders-changelog" in specs
    assert "test-pings" not in {spec.name for spec in Names("", "", "g").specs()}


def test_the_contract_documents_the_input_the_field_and_the_flag() -> None:
    published = [one.field for one in TEST_MODEL.published]
    found = documents(TEST_MODEL.inputs, TEST_MODEL.flag_specs, published)
    assert found["test-pings"]["properties"]["type"]["enum"] == ["test_echo", "test_ping"]
    scores, flags = found["fan-scores"], found["fan-flags"]
    assert scores["$defs"]["Test"]["properties"]["pings"]["type"] == "integer"
    assert {"test_ping", "test_echo"} <= set(scores["$defs"]["Counts"]["properties"])
    assert "test-pinged" in flags["properties"]["kind"]["enum"]
    assert {"pinged", "quiet"} <= set(flags["properties"]["state"]["enum"])
    before = documents(MODEL.inputs, MODEL.flag_specs, [one.field for one in MODEL.published])
    assert set(found) - set(before) == {"test-pings"}


def test_metrics_count_the_input_the_transitions_and_the_gauge() -> None:
    metrics = Metrics(TEST_MODEL, ["weibo"])
    metrics.begin_at_zero(["miot"])
    assert "test-pings" in metrics.topics
    assert (
        metrics.registry.get_sample_value(
            "fanpulse_events_total", {"topic": "test-pings", "platform": "weibo", "outcome": "applied"}
        )
        == 0.0
    )
    labels = {"brand": OTHER, "kind": "test-pinged", "state": "pinged", "reason": "pings"}
    assert metrics.registry.get_sample_value("fanpulse_flags_total", labels) == 0.0
    assert "pinged" in metrics.fans.gauges


def test_commands_load_the_input_and_say_what_the_flag_means() -> None:
    known = {source.name: InputTopic(topic, source) for topic, source in NAMES.public_inputs.items()}
    event = {"event_id": "1", "brand_id": "miot", "fan_id": "f", "platform": "weibo", "event_time": 1}
    record = parse(orjson.dumps({"topic": "test-pings", **event}), known)
    assert (record.topic, record.key) == ("eu-test-pings", b"miot:f")
    with pytest.raises(BadLineError, match=r"must be one of likes, .*, test-pings"):
        parse(orjson.dumps({"topic": "pongs", **event}), known)
    assert sentence(PINGED) == "pinged (pings)"


def test_the_page_gets_a_rate_of_the_input_and_shows_the_flag_among_all() -> None:
    rates = RateSampler({topic: source.name for topic, source in NAMES.public_inputs.items()})
    at = TopicPartition("eu-test-pings", 0)
    rates.add(1_000, {at: 0}, {at: 10}, {at: 10})
    rates.add(2_000, {at: 0}, {at: 30}, {at: 30})
    assert list(rates.history[-1].rates) == [source.name for source in NAMES.public_inputs.values()]
    assert rates.history[-1].rates[TEST_PINGS.name] == 20.0
    assert category_of(PINGED) is None, "a flag without a category is in the list of all flags only"
    assert msgspec.json.decode(msgspec.json.encode(PINGED), type=FanFlag) == PINGED
