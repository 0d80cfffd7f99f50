"""Lines of a history file: one event each, with the name of its topic."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
import orjson

from agents.kafka.publish import KeyedRecord
from schemas.inputs.declaration import COLON_IN_BRAND, MAX_VALUE_BYTES, Act, Input
from schemas.topics import Names


class InputTopic(NamedTuple):
    """What the ``topic`` field of a line stands for."""

    topic: str  # its full name
    source: Input


class BadLineError(ValueError):
    """A line that every worker would refuse, with the reason."""


def input_topics(names: Names) -> dict[str, InputTopic]:
    """Return the topics that a line may name: those of the declared inputs that producers write to."""
    return {source.name: InputTopic(topic, source) for topic, source in names.public_inputs.items()}


def parse(line: bytes, known: Mapping[str, InputTopic]) -> KeyedRecord:
    r"""Return a line as the record to send: the event as it is, without ``topic``.

    >>> parse(b'{"topic":"likes"}', input_topics(Names("", "", "")))
    Traceback (most recent call last):
        ...
    agents.cli.publish.lines.BadLineError: Object missing required field `event_id`

    Raises:
        BadLineError: it is not an event, or a worker would refuse it whatever the time is.
    """
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadLineError(f"not JSON: {error.msg}") from None
    if not isinstance(event, dict):
        raise BadLineError("not a JSON object")
    found = known.get(str(event.pop("topic", "")))
    if found is None:
        raise BadLineError(f"field topic must be one of {', '.join(known)}")
    try:
        act = msgspec.convert(event, found.source.record)
    except msgspec.ValidationError as error:
        raise BadLineError(str(error)) from None
    assert isinstance(act, Act)
    if ":" in act.brand_id:
        raise BadLineError(COLON_IN_BRAND)
    value = orjson.dumps(event)
    if len(value) > MAX_VALUE_BYTES:
        raise BadLineError(f"{len(value)} bytes, more than {MAX_VALUE_BYTES}")
    return KeyedRecord(found.topic, f"{act.brand_id}:{act.fan_id}".encode(), value)


def read(lines: Iterable[bytes], known: Mapping[str, InputTopic]) -> Iterator[tuple[int, KeyedRecord | BadLineError]]:
    """Yield each line's number, from 1, with its record or what is wrong; blank lines are left out."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, parse(line, known)
        except BadLineError as error:
            yield number, error
