"""A document per topic: JSON Schema of its records, made from the structs, with what is said of the topic."""

from typing import Any

import msgspec
from msgspec import Struct

from schemas.contract import words
from schemas.contract.examples import EXAMPLES, KEY
from schemas.events import ACTS, LONGEST, Comment
from schemas.outputs import FanFlag, FanScore
from schemas.topics import DEAD_LETTERS, FAN_FLAGS, FAN_SCORES, INPUTS, OUTPUTS, Names

Document = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KEY_PATTERN = "^[^:]{1,64}:.{1,64}$"


def given(field: str) -> Document:
    """Return the schema of an object in which a field is there and not null."""
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}


# What a struct checks beyond its fields' types.
RULES: dict[type[Struct], Document] = {Comment: {"anyOf": [given("text"), given("sentiment")]}}

STRUCTS: dict[str, type[Struct]] = {
    **dict(zip(INPUTS, ACTS.values(), strict=True)),
    FAN_SCORES: FanScore,
    FAN_FLAGS: FanFlag,
}
ABOUT = {
    "likes": "One like, or its withdrawal.",
    "reposts": "One repost; a show is a repost that shows an order.",
    "comments": "One comment, review or mention; `text` or `sentiment` is there.",
    "purchases": "One order, or its refund.",
    FAN_SCORES: "The whole current view of a fan. Read committed records only, and drop what has no newer `seq`. "
    "A record without a value says that the fan was erased.",
    FAN_FLAGS: "One record per transition. Read committed records only, and drop a (`flag_id`, `state`) seen before.",
    DEAD_LETTERS: "A record that was refused, as it came, cut at 64 KB; where it came from and why is in the headers. "
    "It may hold a fan's words.",
}
NUMBER = {"type": "string", "pattern": "^-?[0-9]+$"}
HEADERS = {
    "topic": {"type": "string", "description": "The topic that it came from."},
    "partition": {**NUMBER, "description": "Its partition there."},
    "offset": {**NUMBER, "description": "Its offset there."},
    "reason": {"type": "string", "description": "Why it was refused, in words."},
}


def documents() -> dict[str, Document]:
    """Return the documents of all topics by the topics' names without a prefix.

    >>> list(documents())
    ['likes', 'reposts', 'comments', 'purchases', 'fan-scores', 'fan-flags', 'dead-letters']
    """
    found = {name: document(name, struct) for name, struct in STRUCTS.items()}
    found[DEAD_LETTERS] = _head(DEAD_LETTERS)
    return found


def document(topic: str, struct: type[Struct]) -> Document:
    """Return a topic's document for a struct of its records."""
    (_, parts) = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    kinds = {kind.__name__: kind for kind in (struct, *_within(struct))}
    for name, part in parts.items():
        _explain(part, kinds[name])
        if topic in OUTPUTS and not kinds[name].__struct_config__.omit_defaults:
            part["required"] = list(part["properties"])  # what we write ourselves is always there
    body = parts.pop(struct.__name__)
    body.pop("description", None)
    rule = next((RULES[kind] for kind in struct.__mro__ if kind in RULES), {})
    return {**body, **_head(topic), **rule, "examples": EXAMPLES[topic], **({"$defs": parts} if parts else {})}


def _head(topic: str) -> Document:
    spec = {spec.name: spec for spec in Names("", "", "").specs()}[topic]
    said: Document = {"direction": "in" if topic in INPUTS else "out", "key": spec.key, "cleanup": str(spec.cleanup)}
    said |= {"longest": LONGEST} if topic in INPUTS else {}
    said |= {"headers": HEADERS} if topic == DEAD_LETTERS else {"key_pattern": KEY_PATTERN, "key_example": KEY}
    return {
        "$schema": DIALECT,
        "$id": f"urn:fanpulse:topic:{topic}",
        "title": topic,
        "description": ABOUT[topic],
        "x-topic": said,
    }


def _within(struct: type[Struct]) -> list[type[Struct]]:
    """Return the structs that stand in a struct's fields, however deep."""
    found = []
    for part in msgspec.inspect.type_info(struct).fields:  # type: ignore[attr-defined]
        kind = part.type.item_type if isinstance(part.type, msgspec.inspect.ListType) else part.type
        if isinstance(kind, msgspec.inspect.StructType):
            found += [kind.cls, *_within(kind.cls)]
    return found


def _explain(part: Document, struct: type[Struct]) -> None:
    """Add what is said of each field to a struct's schema, in the order of its fields."""
    for name, told in words.of(struct).items():
        field = part["properties"][name]
        # Beside a $ref nothing else counted in older dialects.
        part["properties"][name] = {"allOf": [field], **told} if "$ref" in field else {**field, **told}
    part["title"] = struct.__name__
    part["description"] = " ".join((struct.__doc__ or "").replace("``", "`").split())
