"""The documents say what the program does: the same records are accepted, and every field is explained."""

import json
import re
from typing import Any, Literal

import msgspec
import pytest
from jsonschema import Draft202012Validator

from agents.cli.admin.schema import contract
from schemas.contract.documents import documents
from schemas.dead_letters import Refusal, RefusalKind, headers
from schemas.inputs import INPUTS
from schemas.inputs.declaration import Act, Input, Kind, Part
from schemas.inputs.lookup import public
from schemas.outputs.fields import FlagSpec, integer
from schemas.outputs.records import FanFlag, FanScore
from streams.fans.model import MODEL

DOCUMENTS = contract()
RECORDS = {source.name: source.record for source in public(INPUTS)}
READ = {**RECORDS, "fan-scores": FanScore, "fan-flags": FanFlag}
LEFT_OUT = object()
HOSTILE: list[Any] = [
    LEFT_OUT, None, True, False, 0, 1, -1, 1.5, 2**53, -(2**63), "", "x", "a:b", "x" * 64, "x" * 65, "x" * 2001, "CNY",
    "cny", "CNYX", "like", "unlike", "Like", "organic", [], ["x"], {}, {"a": 1}, 0.3, -0.99, 1.01, "猫" * 64, "\u0000",
]  # fmt: skip


class Visit(Act, kw_only=True):
    type: Literal["visit"] = "visit"


VISITS = Input(
    number=9, name="visits", about="One visit.", record=Visit, kinds=(Kind(20, "visit", Part.TALK, 1.0, 90),)
)


def judge(topic: str) -> Draft202012Validator:
    return Draft202012Validator(DOCUMENTS[topic])


def examples(topic: str) -> list[dict[str, Any]]:
    found = DOCUMENTS[topic]["examples"]
    assert isinstance(found, list)
    return found


def is_accepted(topic: str, record: dict[str, Any]) -> bool:
    try:
        msgspec.json.decode(json.dumps(record).encode(), type=RECORDS[topic])
    except msgspec.ValidationError:
        return False
    return ":" not in record["brand_id"]  # the decoder's own rule, more expensive as a pattern


@pytest.mark.parametrize("topic", DOCUMENTS)
def test_each_is_a_json_schema(topic: str) -> None:
    Draft202012Validator.check_schema(DOCUMENTS[topic])


@pytest.mark.parametrize("topic", READ)
def test_each_example_is_as_the_document_says_and_our_readers_decode_it(topic: str) -> None:
    assert examples(topic)
    for example in examples(topic):
        judge(topic).validate(example)
        msgspec.convert(example, READ[topic])


@pytest.mark.parametrize("topic", RECORDS)
def test_a_hostile_value_is_refused_by_the_document_where_the_worker_refuses_it(topic: str) -> None:
    verdicts = []
    for field in DOCUMENTS[topic]["properties"]:
        for value in HOSTILE:
            record = {name: was for name, was in examples(topic)[0].items() if name != field}
            if value is not LEFT_OUT:
                record[field] = value
            accepted = is_accepted(topic, record)
            assert judge(topic).is_valid(record) == accepted, record
            verdicts.append(accepted)
    assert 0.1 < sum(verdicts) / len(verdicts) < 0.9, "both happen"


def test_a_comment_without_text_and_sentiment_is_refused_by_both() -> None:
    bare = {name: value for name, value in examples("comments")[0].items() if name != "text"}
    for record in (bare, bare | {"text": None}, bare | {"text": None, "sentiment": None}):
        assert not judge("comments").is_valid(record)
        assert not is_accepted("comments", record)
    assert judge("comments").is_valid(bare | {"text": None, "sentiment": 0.5})


@pytest.mark.parametrize("topic", ["fan-scores", "fan-flags"])
def test_an_output_with_a_field_missing_or_of_another_type_is_not_one_of_ours(topic: str) -> None:
    (record,) = examples(topic)
    for field in record:
        assert not judge(topic).is_valid({name: value for name, value in record.items() if name != field}), field
        assert not judge(topic).is_valid(record | {field: ["hostile"]}), field


def test_every_field_is_explained_and_every_definition_has_a_title() -> None:
    for topic, document in DOCUMENTS.items():
        definitions = document.get("$defs", {})
        for part in [document, *definitions.values()]:
            for name, field in part.get("properties", {}).items():
                assert field.get("description", "").endswith("."), f"{topic}: {name}"
        assert all(part["title"] == name for name, part in definitions.items())
    groups = dict.fromkeys(path[0].title() for one in MODEL.published if len(path := one.field.path.split(".")) == 2)
    assert list(DOCUMENTS["fan-scores"]["$defs"]) == [*groups, "StandingFlag", "Counts"]


def test_fans_are_they() -> None:
    assert re.findall(r"(?i)\b(he|his|him|she|her)\b", json.dumps(list(DOCUMENTS.values()))) == []


def test_what_rules_declare_is_what_readers_may_get() -> None:
    fields, flags = DOCUMENTS["fan-scores"], DOCUMENTS["fan-flags"]["properties"]
    for one in MODEL.published:
        group, _, name = one.field.path.rpartition(".")
        place = fields["$defs"][group.capitalize()] if group else fields
        assert place["properties"][name or group] == one.field.schema
    for flag in MODEL.flag_specs:
        assert flag.kind in flags["kind"]["enum"]
        for which, values in (("state", flag.states), ("from", flag.origins), ("reason", flag.reasons)):
            assert set(values) <= set(flags[which]["enum"])
        assert (flag.kind in fields["$defs"]["StandingFlag"]["properties"]["kind"]["enum"]) == flag.is_standing


def test_a_new_input_field_and_flag_appear_without_another_edit() -> None:
    flag = FlagSpec(
        number=7, kind="loud", states=("quiet", "loud"), origins=("quiet", "loud"), reasons=("visits",),
        transitions=(("loud", "visits"),), is_standing=True,
    )  # fmt: skip
    published = [*(one.field for one in MODEL.published), integer("visits.newest", "Newest visit.", minimum=3)]
    found = documents((*INPUTS, VISITS), (*MODEL.flag_specs, flag), published)
    scores = found["fan-scores"]
    assert found["visits"]["description"] == "One visit."
    assert "visit" in scores["$defs"]["Counts"]["properties"]
    assert scores["$defs"]["Visits"]["properties"]["newest"]["description"] == "Newest visit."
    assert scores["examples"][0]["visits"] == {"newest": 3}
    Draft202012Validator(scores).validate(scores["examples"][0])
    assert "loud" in found["fan-flags"]["properties"]["state"]["enum"]
    assert "loud" not in DOCUMENTS["fan-flags"]["properties"]["state"]["enum"]


def test_headers_of_a_dead_letter_are_as_the_document_says() -> None:
    result = DOCUMENTS["dead-letters"]["x-topic"]["headers"]
    for kind in RefusalKind:
        given = dict(headers("likes", 3, 41, Refusal(kind, "a sentence")))
        assert given.keys() == result.keys()
        for name, value in given.items():
            Draft202012Validator(result[name]).validate(value.decode())
