"""Lines of a history file: one event each, with the name of its topic beside it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
import orjson

from agents.kafka.publish import Record
from agents.settings import Settings
from schemas.events import ACTS, COLON, LONGEST, Act
from schemas.topics import INPUTS


class Kind(NamedTuple):
    """What the ``topic`` field of a line stands for."""

    topic: str  # its full name
    act: type[Act]


class BadLineError(ValueError):
    """A line that no worker would take, with the reason."""


def kinds(settings: Settings) -> dict[str, Kind]:
    """Return the topics that a line may name."""
    return {name: Kind(full, ACTS[of]) for of, name, full in zip(ACTS, INPUTS, settings.names.inputs, strict=True)}


def parse(line: bytes, known: Mapping[str, Kind]) -> Record:
    r"""Return a line as the record to send: the event as it is, without ``topic``.

    >>> parse(b'{"topic":"likes"}', kinds(Settings()))
    Traceback (most recent call last):
        ...
    agents.cli.feed.lines.BadLineError: Object missing required field `event_id`

    Raises:
        BadLineError: it is no event, or a worker would refuse it whatever the time is.
    """
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadLineError(f"not JSON: {error.msg}") from None
    if not isinstance(event, dict):
        raise BadLineError("not a JSON object")
    kind = known.get(str(event.pop("topic", "")))
    if kind is None:
        raise BadLineError(f"field topic must be one of {', '.join(known)}")
    try:
        act = msgspec.convert(event, kind.act)
    except msgspec.ValidationError as error:
        raise BadLineError(str(error)) from None
    if ":" in act.brand_id:
        raise BadLineError(COLON)
    value = orjson.dumps(event)
    if len(value) > LONGEST:
        raise BadLineError(f"{len(value)} bytes, more than {LONGEST}")
    return Record(kind.topic, f"{act.brand_id}:{act.fan_id}".encode(), value)


def read(lines: Iterable[bytes], known: Mapping[str, Kind]) -> Iterator[tuple[int, Record | BadLineError]]:
    """Yield each line's number, from 1, with its record or what is wrong; blank lines are left out."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, parse(line, known)
        except BadLineError as error:
            yield number, error
