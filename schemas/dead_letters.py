"""Dead letters: the record as it came, with where it came from and why it was refused in the headers."""

from schemas.events import LONGEST

Header = tuple[str, bytes]


def headers(topic: str, partition: int, offset: int, reason: str) -> list[Header]:
    """Return the headers of a dead letter.

    >>> headers("likes", 3, 41, "empty value")[-1]
    ('reason', b'empty value')
    """
    said = {"topic": topic, "partition": str(partition), "offset": str(offset), "reason": reason}
    return [(name, text.encode()) for name, text in said.items()]


def cut(raw: bytes | None) -> bytes | None:
    """Return at most 64 KB of a key or a value, so that a dead letter always fits its topic."""
    return raw if raw is None else raw[:LONGEST]
