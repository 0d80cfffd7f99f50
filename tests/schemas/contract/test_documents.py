"""The documents say what the program does: the same records are taken, and every field is explained."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from schemas.contract import words
from schemas.contract.documents import STRUCTS, documents
from schemas.contract.examples import EXAMPLES
from schemas.events import ACTS
from schemas.topics import INPUTS
from streams.columns import Reason

DOCUMENTS = documents()
TAKES = dict(zip(INPUTS, ACTS.values(), strict=True))
LEFT_OUT = object()
HOSTILE: list[Any] = [
    LEFT_OUT, None, True, False, 0, 1, -1, 1.5, 2**53, -(2**63), "", "x", "a:b", "x" * 64, "x" * 65, "x" * 2001, "CNY",
    "cny", "CNYX", "like", "unlike", "Like", "organic", [], ["x"], {}, {"a": 1}, 0.3, -0.99, 1.01, "猫" * 64, "\u0000",
]  # fmt: skip


def judge(topic: str) -> Draft202012Validator:
    return Draft202012Validator(DOCUMENTS[topic])


def is_taken(topic: str, record: dict[str, Any]) -> bool:
    try:
        msgspec.json.decode(json.dumps(record).encode(), type=TAKES[topic])
    except msgspec.ValidationError:
        return False
    return ":" not in record["brand_id"]  # the decoder's own rule, dearer as a pattern


@pytest.mark.parametrize("topic", DOCUMENTS)
def test_each_is_a_json_schema(topic: str) -> None:
    Draft202012Validator.check_schema(DOCUMENTS[topic])


@pytest.mark.parametrize("topic", EXAMPLES)
def test_each_example_is_as_it_says(topic: str) -> None:
    for example in EXAMPLES[topic]:
        judge(topic).validate(example)
        assert msgspec.convert(example, STRUCTS[topic])


@pytest.mark.parametrize("topic", INPUTS)
def test_a_hostile_value_is_refused_by_the_document_where_the_worker_refuses_it(topic: str) -> None:
    verdicts = []
    for field in DOCUMENTS[topic]["properties"]:
        for value in HOSTILE:
            record = {name: was for name, was in EXAMPLES[topic][0].items() if name != field}
            if value is not LEFT_OUT:
                record[field] = value
            taken = is_taken(topic, record)
            assert judge(topic).is_valid(record) == taken, record
            verdicts.append(taken)
    assert 0.1 < sum(verdicts) / len(verdicts) < 0.9, "both happen"


def test_a_comment_without_words_and_mood_is_refused_by_both() -> None:
    bare = {name: value for name, value in EXAMPLES["comments"][0].items() if name != "text"}
    for record in (bare, bare | {"text": None}, bare | {"text": None, "sentiment": None}):
        assert not judge("comments").is_valid(record)
        assert not is_taken("comments", record)
    assert judge("comments").is_valid(bare | {"text": None, "sentiment": 0.5})


@pytest.mark.parametrize("topic", ["fan-scores", "fan-flags"])
def test_an_output_with_a_field_missing_or_strange_is_no_record_of_ours(topic: str) -> None:
    record = EXAMPLES[topic][0]
    for field in record:
        assert not judge(topic).is_valid({name: value for name, value in record.items() if name != field}), field
        assert not judge(topic).is_valid(record | {field: ["hostile"]}), field


def test_every_field_of_every_struct_is_explained_in_its_order() -> None:
    for topic, struct in STRUCTS.items():
        parts = [DOCUMENTS[topic], *DOCUMENTS[topic].get("$defs", {}).values()]
        for part in parts:
            for name, field in part["properties"].items():
                assert field.get("description", "").endswith("."), f"{topic}: {name}"
        assert list(words.of(struct)) == list(DOCUMENTS[topic]["properties"])


def test_the_reasons_are_those_of_the_streams() -> None:
    assert [reason.name.lower() for reason in Reason] == words.REASONS
