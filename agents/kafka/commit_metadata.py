"""The metadata of every offset that we commit: of which topic and of how many partitions the offset speaks."""

from typing import NamedTuple, Self

FIELDS = ("partitions", "topic")


class CommitMetadata(NamedTuple):
    """An offset means something only for this partition count and this topic id (KIP-516)."""

    partitions: int
    topic_id: str  # as ``agents.kafka.topic_ids`` formats it; "": the broker has no topic ids

    def __str__(self) -> str:
        """Return the text that is committed.

        >>> str(CommitMetadata(12, "8qU6spvgTWyKKy8bijtdEQ"))
        'partitions=12 topic=8qU6spvgTWyKKy8bijtdEQ'
        """
        return format_fields({"partitions": str(self.partitions), "topic": self.topic_id})

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Return what a committed text says; None where it is not ours: set by hand, or by another program.

        >>> CommitMetadata.parse("partitions=12 topic=8qU6spvgTWyKKy8bijtdEQ")
        CommitMetadata(partitions=12, topic_id='8qU6spvgTWyKKy8bijtdEQ')
        """
        fields = parse_fields(text)
        count = fields.get("partitions", "")
        if not count.isascii() or not count.isdecimal() or not fields.keys() <= set(FIELDS):
            return None
        return cls(int(count), fields.get("topic", ""))

    def is_same_topic(self, topic_id: str) -> bool:
        """Return whether the offset is of the topic with this id; an unknown id contradicts nothing.

        >>> CommitMetadata(12, "A").is_same_topic("B"), CommitMetadata(12, "").is_same_topic("B")
        (False, True)
        """
        return not self.topic_id or not topic_id or self.topic_id == topic_id


def format_fields(fields: dict[str, str]) -> str:
    """Return fields as text, without those that are empty; values hold no space.

    >>> format_fields({"partitions": "12", "topic": ""})
    'partitions=12'
    """
    return " ".join(f"{name}={value}" for name, value in fields.items() if value)


def parse_fields(text: str | None) -> dict[str, str]:
    """Return the fields of a text; nothing where it is no such text.

    >>> parse_fields("partitions=12 topic=A"), parse_fields("moved by hand"), parse_fields(None)
    ({'partitions': '12', 'topic': 'A'}, {}, {})
    """
    pairs = [part.partition("=") for part in (text or "").split(" ")]
    return {name: value for name, _, value in pairs} if all(name and value for name, _, value in pairs) else {}
