"""Which fans are compared: those whose key has the lowest hash, so that one pass over the changelog is enough."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any


def rank(key: bytes, seed: int) -> bytes:
    """Return the number by which fans are chosen."""
    return blake2b(key, digest_size=8, salt=seed.to_bytes(16, "little")).digest()


def newest(records: Iterable[Any], fans: int, seed: int) -> dict[bytes, Any]:
    """Return the newest record of ``fans`` keys.

    A key that is left out is never needed again: the bar only gets higher.
    """
    found: dict[bytes, Any] = {}
    bar = b"\xff" * 9
    for record in records:
        if rank(record.key, seed) > bar:
            continue
        found[record.key] = record
        if len(found) > 2 * fans:
            kept = sorted(found, key=lambda key: rank(key, seed))[:fans]
            found, bar = {key: found[key] for key in kept}, rank(kept[-1], seed)
    return {key: found[key] for key in sorted(found, key=lambda key: rank(key, seed))[:fans]}
