"""What `dlq requeue` remembers of a partition: which dead letters it has sent, also where `--reason` left some."""

from collections.abc import Mapping
from typing import NamedTuple, Self
from urllib.parse import quote, unquote

import msgspec

from agents.errors import ConfigError
from agents.kafka.commit_metadata import format_fields, parse_fields

METADATA_BYTES = 4_096  # Kafka's default for offset.metadata.max.bytes
READABLE = "{}[]:,"  # need no percent sign in the metadata

_decode = msgspec.json.Decoder(dict[str, int]).decode


class RequeueProgress(NamedTuple):
    """Which dead letters of a partition are done.

    Done are all before ``offset``, and for each text of ``reasons`` those before its offset whose reason contains the
    text. So any number of dead letters between others costs a few bytes, and which are done is exact.
    """

    offset: int
    reasons: Mapping[str, int]

    def is_done(self, offset: int, reason: str) -> bool:
        """Return whether the dead letter at an offset has been sent.

        >>> progress = RequeueProgress(3, {"partition": 7})
        >>> [progress.is_done(offset, "another partition") for offset in (2, 6, 7)]
        [True, True, False]
        >>> progress.is_done(6, "missing field")
        False
        """
        return offset < self.offset or any(offset < end and text in reason for text, end in self.reasons.items())

    def advance(self, first_left: int, text: str, read_to: int) -> "RequeueProgress":
        """Return the progress after reading from ``offset`` on.

        Args:
            first_left: the first dead letter that is still to be sent by a later call; ``read_to`` where there is none.
            text: dead letters before ``read_to`` whose reason contains it are done.
            read_to: where reading goes on.
        """
        offset = max(self.offset, first_left)
        ends = {**self.reasons, text: max(read_to, self.reasons.get(text, 0))}
        return RequeueProgress(
            offset,
            {
                one: end
                for one, end in ends.items()
                if end > offset and not any(other in one and other != one and ends[other] >= end for other in ends)
            },
        )

    def format(self, topic_id: str) -> str:
        """Return the metadata to commit with ``offset``.

        >>> RequeueProgress(3, {"another partition": 7}).format("A")
        'topic=A reasons={%22another%20partition%22:7}'

        Raises:
            ConfigError: Kafka does not take that much.
        """
        reasons = quote(msgspec.json.encode(dict(self.reasons)), safe=READABLE) if self.reasons else ""
        text = format_fields({"topic": topic_id, "reasons": reasons})
        if len(text) > METADATA_BYTES:
            raise ConfigError(
                f"earlier calls left dead letters by {len(self.reasons)} texts of --reason, and no more can be "
                "remembered: call with a shorter --reason that covers several of them, or without --reason"
            )
        return text

    @classmethod
    def parse(cls, offset: int, metadata: str, topic_id: str) -> Self:
        """Return what was committed; nothing is done where it was committed for another topic of this name.

        >>> RequeueProgress.parse(3, "topic=A reasons={%22another%20partition%22:7}", "A")
        RequeueProgress(offset=3, reasons={'another partition': 7})
        >>> RequeueProgress.parse(3, "topic=A", "B")
        RequeueProgress(offset=0, reasons={})
        """
        fields = parse_fields(metadata)
        known = fields.get("topic", "")
        if known and topic_id and known != topic_id:
            return cls(0, {})
        try:
            return cls(offset, _decode(unquote(fields.get("reasons", "{}"))))
        except msgspec.DecodeError:
            return cls(offset, {})
