"""The document of an input topic: JSON Schema of its record struct, whose fields carry their own descriptions."""

import msgspec

from schemas.contract.schema import Document, head
from schemas.inputs.declaration import MAX_VALUE_BYTES, Input
from schemas.topics import TopicSpec


def input_document(source: Input, spec: TopicSpec) -> Document:
    """Return the document of an input.

    >>> from schemas.inputs import LIKES
    >>> from schemas.topics import Names
    >>> document = input_document(LIKES, Names("", "", "").specs()[0])
    >>> document["title"], document["required"][:2]
    ('likes', ['event_id', 'brand_id'])
    """
    name = source.record.__name__
    (_, definitions) = msgspec.json.schema_components([source.record], ref_template="#/$defs/{name}")
    body = definitions.pop(name)
    required = {"anyOf": [_is_given(field) for field in source.requires_any_of]} if source.requires_any_of else {}
    return {
        **body,
        **head(spec, "in", {"longest": MAX_VALUE_BYTES}),
        **required,
        "examples": list(source.examples),
        **({"$defs": definitions} if definitions else {}),
    }


def _is_given(field: str) -> Document:
    """Return the schema of an object in which a field is there and not null."""
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}
