"""Pieces of the documents: fields of output records, and what every document says of its topic."""

from collections.abc import Mapping
from typing import Any, Literal

from schemas.inputs.declaration import MS_UTC
from schemas.topics import DEAD_LETTERS, TopicSpec

Document = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KEY_PATTERN = "^[^:]{1,64}:.{1,64}$"
KEY_EXAMPLE = "miot:weibo:123"  # of the examples


def head(spec: TopicSpec, direction: Literal["in", "out"], topic: Document, about: str = "") -> Document:
    """Return what a document says of its topic: names, a description, and ``x-topic`` with ``topic`` added."""
    described: Document = {"direction": direction, "key": spec.key, "cleanup": str(spec.cleanup), **topic}
    if spec.name != DEAD_LETTERS:
        described |= {"key_pattern": KEY_PATTERN, "key_example": KEY_EXAMPLE}
    return {
        "$schema": DIALECT,
        "$id": f"urn:fanpulse:topic:{spec.name}",
        "title": spec.name,
        "description": about or spec.about,
        "x-topic": described,
    }


def record(properties: Mapping[str, Document], optional: bool = False) -> Document:
    """Return the schema of an object; all fields are always there unless it is ``optional``."""
    body: Document = {"type": "object", "properties": dict(properties)}
    return body if optional else {**body, "required": list(properties)}


def definition(name: str, description: str, properties: Mapping[str, Document], optional: bool = False) -> Document:
    """Return the schema of an object within a record; code generators name their type after its title."""
    return {"title": name, "description": description, **record(properties, optional)}


def reference(name: str, description: str) -> Document:
    """Return a field that is of a definition; next to a bare $ref nothing else counted in older dialects."""
    return {"allOf": [{"$ref": f"#/$defs/{name}"}], "description": description}


def text(description: str) -> Document:
    """Return a text."""
    return {"type": "string", "description": description}


def choice(description: str, values: list[str]) -> Document:
    """Return a text of a closed set."""
    return {"type": "string", "description": description, "enum": values}


def integer(description: str, minimum: int = 0, **bounds: int) -> Document:
    """Return a whole number."""
    return {"type": "integer", "description": description, "minimum": minimum, **bounds}


def moment(description: str) -> Document:
    """Return a moment.

    >>> moment("When it happened")["description"]
    'When it happened: ms since the epoch, UTC.'
    """
    return integer(f"{description}: {MS_UTC}.")


def nullable(kind: str, description: str) -> Document:
    """Return a value that may be null."""
    return {"anyOf": [{"type": kind}, {"type": "null"}], "default": None, "description": description}
