"""What a worker holds of one partition number: its fans, and what the next flush has to tell."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.transport.load import Out
from schemas.layout import Ints, Rows
from streams.partition import Partition
from streams.records.flags import Proof


class Savepoint(NamedTuple):
    """How much an outbox held."""

    lists: tuple[int, int, int, int]  # turns, proofs, letters, stamps
    credits: dict[int, int]
    events: int


@dataclass
class Outbox:
    """What blocks left for the next flush; the flush takes it whole and leaves an empty one."""

    offsets: dict[TopicPartition, int] = field(default_factory=dict)  # next offset of each input
    turns: list[Rows] = field(default_factory=list)
    proofs: list[Proof | None] = field(default_factory=list)  # of each turn
    letters: list[Out] = field(default_factory=list)
    credits: dict[int, list[Out]] = field(default_factory=lambda: defaultdict(list))  # by the receiver's partition
    stamps: list[tuple[str, Ints]] = field(default_factory=list)  # topic, when the broker got each event, ms
    events: int = 0

    def __bool__(self) -> bool:
        """Return whether something was folded or refused; ticks alone are committed along with the next flush."""
        return self.events > 0 or bool(self.turns)

    def savepoint(self) -> Savepoint:
        """Return what ``rollback`` goes back to; it is taken before each record that is applied alone."""
        lists = len(self.turns), len(self.proofs), len(self.letters), len(self.stamps)
        return Savepoint(lists, {number: len(outs) for number, outs in self.credits.items()}, self.events)

    def rollback(self, before: Savepoint) -> None:
        """Drop what was added since; offsets stay, for a record that is refused is read too."""
        turns, proofs, letters, stamps = before.lists
        del self.turns[turns:], self.proofs[proofs:], self.letters[letters:], self.stamps[stamps:]
        for number in list(self.credits):
            del self.credits[number][before.credits.get(number, 0) :]
            if not self.credits[number]:
                del self.credits[number]
        self.events = before.events


class Held:
    """One partition number over all input topics."""

    def __init__(self, number: int, partition: Partition, settle_at: float) -> None:
        self.number = number
        self.partition = partition
        self.outbox = Outbox()
        self.applied: dict[TopicPartition, int] = {}  # next offset of each input; empty until the seek
        self.stamps: dict[TopicPartition, int] = {}  # when the broker got the newest event applied, ms
        self.caught_up_at: dict[TopicPartition, int] = {}  # when nothing waited last, ms
        self.settle_at = settle_at  # monotonic seconds

    def take_outbox(self) -> Outbox:
        """Return what there is to tell, which is then told."""
        outbox, self.outbox = self.outbox, Outbox()
        return outbox
