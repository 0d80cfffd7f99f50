"""Dead letters: the record as it came, with where it came from and why it was refused in the headers."""

from enum import StrEnum
from typing import NamedTuple

from schemas.inputs.declaration import MAX_VALUE_BYTES

Header = tuple[str, bytes]


class RefusalKind(StrEnum):
    """Why a record is refused: a bounded set, for labels and filters."""

    NO_VALUE = "no value"
    TOO_LARGE = "too large"
    WRONG_KEY = "wrong key"
    WRONG_PARTITION = "wrong partition"
    FUTURE = "future"
    BROKEN_JSON = "broken JSON"
    NESTED_TOO_DEEP = "nested too deep"
    NOT_UTF8 = "not UTF-8"
    MISSING_FIELD = "missing field"
    UNKNOWN_TYPE = "unknown type"
    INVALID_FIELD = "invalid field"
    KILLED_THE_WORKER = "killed the worker"
    SKIPPED = "skipped"


class Refusal(NamedTuple):
    """Why a record is refused: its kind, and a sentence for people."""

    kind: RefusalKind
    reason: str


def headers(topic: str, partition: int, offset: int, refusal: Refusal) -> list[Header]:
    """Return the headers of a dead letter.

    >>> headers("likes", 3, 41, Refusal(RefusalKind.NO_VALUE, "value is empty"))[-2:]
    [('reason', b'value is empty'), ('kind', b'no value')]
    """
    values = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "reason": refusal.reason,
        "kind": str(refusal.kind),
    }
    return [(name, text.encode()) for name, text in values.items()]


def cut(raw: bytes | None) -> bytes | None:
    """Return at most 64 KB of a key or a value, so that a dead letter always fits its topic."""
    return raw if raw is None else raw[:MAX_VALUE_BYTES]
