"""How a rule declares what it publishes: fields of fan-scores, and a flag."""

from typing import Any

from msgspec import Struct

JsonSchema = dict[str, Any]


class PublishedField(Struct, frozen=True):
    """One field of fan-scores that a rule computes.

    Args:
        path: name in the record; ``group.name`` within an object.
        schema: JSON Schema of the value, description included.
        decimals: of a number; None for a whole number and for a text.
        texts: a closed set of texts by number; empty for a number.
    """

    path: str
    schema: JsonSchema
    decimals: int | None = None
    texts: tuple[str, ...] = ()


def number(path: str, description: str, decimals: int, minimum: float = 0, maximum: float = 1) -> PublishedField:
    """Declare a number with so many decimals."""
    schema = {"type": "number", "description": description, "minimum": minimum, "maximum": maximum}
    return PublishedField(path, schema, decimals=decimals)


def integer(path: str, description: str, minimum: int = 0) -> PublishedField:
    """Declare a whole number."""
    return PublishedField(path, {"type": "integer", "description": description, "minimum": minimum})


def text(path: str, description: str, texts: tuple[str, ...]) -> PublishedField:
    """Declare a text of a closed set."""
    return PublishedField(path, {"type": "string", "description": description, "enum": list(texts)}, texts=texts)


class FlagSpec(Struct, frozen=True, kw_only=True):
    """One kind of flag: what it can turn to, from what, why, and where people see it.

    Args:
        number: identity in the rows of transitions; never reused.
        kind: value of ``kind`` in the record.
        states: value of ``state`` by the number that the rule turns to.
        origins: value of ``from`` by the number that the rule turned from.
        reasons: value of ``reason`` by number.
        transitions: the (state, reason) pairs that can occur: label sets of the metric.
        categories: (state, category) of the lists in which people see the flag; a state that is missing is in none.
        is_standing: the flag stands in fan-scores while it lasts.
    """

    number: int
    kind: str
    states: tuple[str, ...]
    origins: tuple[str, ...]
    reasons: tuple[str, ...]
    transitions: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, str], ...] = ()
    is_standing: bool = False
