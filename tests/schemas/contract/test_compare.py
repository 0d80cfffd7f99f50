"""A change of a type is refused when somebody built for the last release would stumble, and only then."""

from copy import deepcopy
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from agents.cli.admin.schema import contract as documents
from schemas.contract.compare import breaks
from schemas.contract.schema import Document

INPUT, OUTPUT = "likes", "fan-scores"


class Was(Struct):
    """The last release's record."""

    name: Annotated[str, Meta(min_length=1, max_length=8)]
    kind: Literal["a", "b"] = "a"
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    n: int | None = None


def record_type(
    name: object = None, kind: object = None, share: object = None, n: object = None, **more: object
) -> type:
    """Return the same record with some fields changed."""
    fields: list[Any] = [
        ("name", name or Annotated[str, Meta(min_length=1, max_length=8)]),
        ("kind", kind or Literal["a", "b"], "a"),
        ("share", share or Annotated[float, Meta(ge=0, le=1)], 0.0),
        ("n", n or int | None, None),
        *((field, of) for field, of in more.items()),
    ]
    return msgspec.defstruct("Was", fields, kw_only=True)


def values_without(*names: str) -> type:
    kept: list[tuple[str, object] | tuple[str, object, object]]
    kept = [("name", Annotated[str, Meta(min_length=1, max_length=8)]), ("kind", Literal["a", "b"], "a")]
    kept += [("share", Annotated[float, Meta(ge=0, le=1)], 0.0), ("n", int | None, None)]
    return msgspec.defstruct("Was", [field for field in kept if field[0] not in names], kw_only=True)


def contract(direction: str, struct: type) -> dict[str, Document]:
    (_, parts) = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    body = parts.pop(struct.__name__)
    if direction == "out":
        body["required"] = list(body["properties"])
    return {"t": {**body, "x-topic": {"direction": direction, "key": "k", "cleanup": "delete"}, "$defs": parts}}


def result(direction: str, struct: type) -> list[str]:
    return [f"{one.field} {one.message}" for one in breaks(contract(direction, Was), contract(direction, struct))]


class Inner(Struct):
    a: int


class Narrow(Struct):
    a: Annotated[int, Meta(ge=0)]


BAD_INPUTS = {
    "a field is gone": (values_without("n"), "n is gone: what is sent there would be ignored"),
    "a new one is required": (record_type(more=int), "more is new and must be there; nobody sends it yet"),
    "a type is narrower": (record_type(share=int), "share may no longer be of type number"),
    "null is refused": (record_type(n=int), "n may no longer be null"),
    "a choice is gone": (record_type(kind=Literal["a"]), 'kind may no longer be "b"'),
    "a limit is lower": (
        record_type(name=Annotated[str, Meta(min_length=1, max_length=4)]),
        "name maxLength was 8 and is 4",
    ),
    "a limit is new": (record_type(n=Annotated[int, Meta(ge=0)] | None), "n minimum was not there and is 0"),
    "a pattern is new": (
        record_type(name=Annotated[str, Meta(min_length=1, max_length=8, pattern="^a")]),
        "name pattern was None and is ^a",
    ),
}
GOOD_INPUTS = {
    "a choice more": record_type(kind=Literal["a", "b", "c"]),
    "any text": record_type(kind=str),
    "a higher limit": record_type(name=Annotated[str, Meta(min_length=0, max_length=80)]),
    "no limit": record_type(name=str),
    "a wider type": record_type(n=float | None),
    "a text too": record_type(n=int | str | None),
}
BAD_OUTPUTS = {
    "a field is gone": (values_without("n"), "n is gone"),
    "a choice more": (record_type(kind=Literal["a", "b", "c"]), 'kind can now be "c"'),
    "any text": (record_type(kind=str), 'kind can be anything, and was one of "a", "b"'),
    "a higher limit": (record_type(share=Annotated[float, Meta(ge=0, le=100)]), "share maximum was 1 and is 100"),
    "another type": (record_type(name=int), "name can now be of type integer"),
    "a wider type": (record_type(n=float | None), "n can now be of type number"),
    "null comes": (record_type(name=str | None), "name can now be null"),
}
GOOD_OUTPUTS = {
    "a field more": record_type(more=int),
    "a choice less": record_type(kind=Literal["a"]),
    "a lower limit": record_type(share=Annotated[float, Meta(ge=0, le=0.5)]),
    "never null": record_type(n=int),
    "a narrower type": record_type(share=Annotated[int, Meta(ge=0, le=1)]),
}


@pytest.mark.parametrize("change", BAD_INPUTS)
def test_an_input_that_takes_less_is_told(change: str) -> None:
    struct, sentence = BAD_INPUTS[change]
    assert result("in", struct) == [sentence]


@pytest.mark.parametrize("change", BAD_OUTPUTS)
def test_an_output_that_says_more_than_readers_know_is_told(change: str) -> None:
    struct, sentence = BAD_OUTPUTS[change]
    assert sentence in result("out", struct)


@pytest.mark.parametrize("change", GOOD_INPUTS)
def test_an_input_may_become_wider(change: str) -> None:
    assert result("in", GOOD_INPUTS[change]) == []


@pytest.mark.parametrize("change", GOOD_OUTPUTS)
def test_an_output_may_become_narrower(change: str) -> None:
    assert result("out", GOOD_OUTPUTS[change]) == []


def test_what_stands_within_another_record_is_compared_too() -> None:
    for was, now, broken in ((Inner, Narrow, True), (Narrow, Inner, False)):
        old = contract("in", msgspec.defstruct("Was", [("parts", list[was])]))  # type: ignore[valid-type]
        new = contract("in", msgspec.defstruct("Was", [("parts", list[now])]))  # type: ignore[valid-type]
        assert [one.field for one in breaks(old, new)] == (["parts[].a"] if broken else [])


def test_another_default_is_told() -> None:
    now = msgspec.defstruct("Was", [("name", Was.__annotations__["name"]), ("kind", Literal["a", "b"], "b")])
    assert 'kind meant "a" where it was left out, and means "b"' in result("in", now)


def test_what_the_program_says_of_itself_breaks_nothing() -> None:
    assert breaks(documents(), documents()) == []


@pytest.mark.parametrize("field", ["direction", "key", "key_pattern", "cleanup"])
def test_a_topic_that_is_another_is_told(field: str) -> None:
    new = deepcopy(documents())
    new[OUTPUT]["x-topic"][field] = "other"
    assert [one.message.partition(" was")[0] for one in breaks(documents(), new)] == [field.replace("_", " ")]


def test_a_topic_a_header_or_room_that_is_gone_is_told() -> None:
    new = deepcopy(documents())
    del new[INPUT]
    del new["dead-letters"]["x-topic"]["headers"]["reason"]
    new["comments"]["x-topic"]["longest"] = 1000
    assert [(one.topic, one.message) for one in breaks(documents(), new)] == [
        ("likes", "the topic is gone"),
        ("comments", "a record could have 65536 bytes and may have 1000"),
        ("dead-letters", "header reason is gone"),
    ]


def test_a_comments_rule_may_go_and_may_not_come() -> None:
    new = deepcopy(documents())
    del new["comments"]["anyOf"]
    assert breaks(documents(), new) == []
    assert [one.topic for one in breaks(new, documents())] == ["comments"]
