"""The record of applied offsets: up to where a partition's rows contain its inputs; in the fans changelog."""

import msgspec
from msgspec import Struct

APPLIED_OFFSETS_KEY = b"applied-offsets"  # no fan's key: it has no colon


class AppliedOffset(Struct, frozen=True):
    """The next offset of an input whose effect is not in the rows yet, and the id of the topic that it counts in."""

    offset: int
    topic_id: str = ""


class AppliedOffsets(Struct, frozen=True):
    """Applied offsets of one partition, by the input's declared number."""

    inputs: dict[int, AppliedOffset]


_decode = msgspec.json.Decoder(AppliedOffsets).decode


def encode(offsets: AppliedOffsets) -> bytes:
    """Return the record's value.

    >>> encode(AppliedOffsets({0: AppliedOffset(7)}))
    b'{"inputs":{"0":{"offset":7,"topic_id":""}}}'
    """
    return msgspec.json.encode(offsets)


def decode(value: bytes) -> AppliedOffsets:
    """Return what a record says.

    Raises:
        ValueError: the value is no record of applied offsets.
    """
    return _decode(value)
