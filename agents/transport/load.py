"""What one transaction writes: packed at once, for rows go on changing while it is on its way."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.errors import FailStopError
from agents.transport.batch import HEADER, Packed
from streams.records.pack import pack
from streams.records.spans import Texts

BATCH_BYTES = 900_000  # under the broker's default message.max.bytes


class Out(NamedTuple):
    """One record to write."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = []  # noqa: RUF012  never changed


class Load:
    """Records by partition, and the offsets that are committed with them: those that moved, or one that did not."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.packed: dict[TopicPartition, list[Packed]] = defaultdict(list)
        self.few: dict[TopicPartition, list[Out]] = defaultdict(list)  # with headers, or without a key
        self.offsets: dict[TopicPartition, int] = {}

    def pack(self, topic: str, partition: int, keys: Texts, values: Texts) -> None:
        """Add records that have keys and no headers.

        Raises:
            FailStopError: one is larger than a batch.
        """
        if not len(keys.start):
            return
        try:
            batches = [Packed(n, data, self.now_ms) for n, data in pack(keys, values, BATCH_BYTES, HEADER.size)]
        except ValueError as error:
            raise FailStopError(f"{error} for {topic} is larger than {BATCH_BYTES} bytes") from error
        self.packed[TopicPartition(topic, partition)] += batches

    def pack_each(self, topic: str, partition: int, outs: list[Out]) -> None:
        """Add records that came one by one."""
        self.pack(
            topic, partition, Texts.of([out.key or b"" for out in outs]), Texts.of([out.value or b"" for out in outs])
        )

    def count(self) -> Iterator[tuple[str, int]]:
        """Yield topics and how many records go there."""
        for tp, batches in self.packed.items():
            yield tp.topic, sum(batch.record_count() for batch in batches)
        for tp, outs in self.few.items():
            yield tp.topic, len(outs)

    def __bool__(self) -> bool:
        return bool(self.offsets or self.packed or self.few)
