"""All topics as one AsyncAPI 3 document, for those who generate code or pages from it."""

from schemas.contract.schema import Document
from schemas.topics import DEAD_LETTERS

JSON = "application/json"
OWN = ("$schema", "$id", "$defs", "x-topic")  # words of JSON Schema files that a schema within AsyncAPI cannot have
BINDING = "0.5.0"
ABOUT = (
    "Real-time fan engagement on Kafka. fanpulse reads what fans do. It publishes a live score per fan, "
    "and a flag with the reason when a fan is leaving or angry. Outputs are written in transactions: read them "
    "with isolation.level=read_committed. Keys are partitioned by murmur2, the default of the Java client, of "
    "kafka-python and aiokafka; all topics have the same number of partitions. An installation may put a prefix before "
    "every name."
)


def asyncapi(documents: dict[str, Document], version: str) -> Document:
    """Return the AsyncAPI document of a release for the topics' own documents."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "fanpulse",
            "version": version,
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {name: _channel(name, document) for name, document in documents.items()},
        "operations": {
            _verb(document) + _camel(name): _operation(name, document) for name, document in documents.items()
        },
        "components": {
            "messages": {_camel(name): _message(name, document) for name, document in documents.items()},
            "schemas": _schemas(documents),
        },
    }


def _channel(name: str, document: Document) -> Document:
    cleanup = {"cleanup.policy": [document["x-topic"]["cleanup"]]}
    return {
        "address": name,
        "description": document["description"],
        "messages": {_camel(name): {"$ref": f"#/components/messages/{_camel(name)}"}},
        "bindings": {"kafka": {"topic": name, "topicConfiguration": cleanup, "bindingVersion": BINDING}},
    }


def _operation(name: str, document: Document) -> Document:
    """Return what the program does with a topic: it sends outputs, and receives inputs."""
    return {
        "action": "send" if document["x-topic"]["direction"] == "out" else "receive",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": document["description"],
        "messages": [{"$ref": f"#/channels/{name}/messages/{_camel(name)}"}],
    }


def _message(name: str, document: Document) -> Document:
    topic = document["x-topic"]
    message: Document = {"name": _camel(name), "title": name, "summary": document["description"]}
    if name == DEAD_LETTERS:
        headers = {"type": "object", "properties": topic["headers"], "required": list(topic["headers"])}
        return {**message, "contentType": "application/octet-stream", "headers": headers}
    key = {"type": "string", "pattern": topic["key_pattern"], "examples": [topic["key_example"]]}
    return {
        **message,
        "contentType": JSON,
        "payload": {"$ref": f"#/components/schemas/{_camel(name)}"},
        "bindings": {"kafka": {"key": {**key, "description": topic["key"]}, "bindingVersion": BINDING}},
        "examples": [{"payload": example} for example in document["examples"]],
    }


def _schemas(documents: dict[str, Document]) -> Document:
    found: Document = {}
    for name, document in documents.items():
        if "properties" in document:
            own = {word: what for word, what in document.items() if word not in OWN}
            for word, what in {**document.get("$defs", {}), _camel(name): own}.items():
                found[word] = _moved(what)
    return found


def _moved(what: object) -> object:
    """Return a schema whose references lead to the components.

    >>> _moved({"$ref": "#/$defs/Parts"})
    {'$ref': '#/components/schemas/Parts'}
    """
    if isinstance(what, dict):
        return {
            word: str(value).replace("#/$defs/", "#/components/schemas/") if word == "$ref" else _moved(value)
            for word, value in what.items()
        }
    return [_moved(one) for one in what] if isinstance(what, list) else what


def _verb(document: Document) -> str:
    return "send" if document["x-topic"]["direction"] == "out" else "receive"


def _camel(name: str) -> str:
    """Return a topic's name as one word.

    >>> _camel("fan-scores")
    'FanScores'
    """
    return "".join(part.capitalize() for part in name.split("-"))
