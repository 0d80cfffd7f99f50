"""What batches leave for the next transaction, until a poll takes it whole."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from schemas.dead_letters import Refusal
from schemas.inputs.declaration import Act, Input
from schemas.inputs.internal import Attribution
from schemas.row import Rows
from streams.decode.decoder import DecodedBatch
from streams.outputs.flags import EvidenceTexts
from streams.rules.rule import TRANSITION
from streams.wire.hashes import partition_of
from streams.wire.records import Record

_encode = msgspec.json.Encoder().encode


class DeadLetter(NamedTuple):
    """A refused record, and why; ``trace`` where it made the program fail."""

    source: Input
    record: Record
    refusal: Refusal
    trace: str = ""


class Keyed(NamedTuple):
    """One record to write; a null value deletes."""

    key: bytes
    value: bytes | None


class TakenOutput(NamedTuple):
    """All that was pending; ``evidence`` has one entry per transition."""

    transitions: Rows
    evidence: list[EvidenceTexts | None]
    attributions: list[tuple[int, Keyed]]  # with the partition
    dead_letters: list[DeadLetter]


class PendingOutput:
    """Transitions, attributions and dead letters since the last poll."""

    def __init__(self) -> None:
        self.transitions: list[Rows] = []
        self.evidence: list[EvidenceTexts | None] = []
        self.attributions: list[tuple[int, Keyed]] = []
        self.dead_letters: list[DeadLetter] = []

    def __bool__(self) -> bool:
        return bool(self.transitions or self.attributions or self.dead_letters)

    def add_transitions(self, transitions: Rows, acts: Sequence[Any]) -> None:
        """Keep transitions with the ids of the events among ``acts`` that caused them."""
        if not len(transitions):
            return
        self.transitions.append(transitions)
        self.evidence += [evidence_of(acts[event]) if event >= 0 else None for event in transitions["event"].tolist()]

    def add_attributions(self, batch: DecodedBatch, partitions: int) -> None:
        """Keep the influence that the batch's reposts give to other fans, with the partition of each."""
        for i in np.flatnonzero(batch.events["emits_attribution"]).tolist():
            act = batch.acts[i]
            key = f"{act.brand_id}:{act.parent_fan_id}".encode()
            partition = partition_of(key, partitions) if partitions else 0
            self.attributions.append((partition, Keyed(key, _encode(attribution_of(act)))))

    def add_refused(self, source: Input, batch: DecodedBatch) -> None:
        """Keep the refused records of a batch."""
        self.dead_letters += [DeadLetter(source, batch.records[i], refusal) for i, refusal in batch.refused]

    def sizes(self) -> tuple[int, int, int, int]:
        """Return how much is pending, for ``truncate``."""
        return len(self.transitions), len(self.evidence), len(self.attributions), len(self.dead_letters)

    def truncate(self, sizes: tuple[int, int, int, int]) -> None:
        """Drop what was added since ``sizes``."""
        transitions, evidence, attributions, dead_letters = sizes
        del self.transitions[transitions:], self.evidence[evidence:]
        del self.attributions[attributions:], self.dead_letters[dead_letters:]

    def take(self) -> TakenOutput:
        """Return all of it, which is then no longer pending."""
        transitions = np.concatenate(self.transitions) if self.transitions else np.zeros(0, TRANSITION)
        taken = TakenOutput(transitions, self.evidence, self.attributions, self.dead_letters)
        self.transitions, self.evidence, self.attributions, self.dead_letters = [], [], [], []
        return taken


def attribution_of(act: Act) -> Attribution:
    """Return what another fan's repost gives to the fan whose post it was."""
    assert act.parent_fan_id is not None
    return Attribution(
        event_id=act.event_id,
        brand_id=act.brand_id,
        fan_id=act.parent_fan_id,
        by_fan_id=act.fan_id,
        event_time=act.event_time,
    )


def evidence_of(act: Act) -> EvidenceTexts:
    """Return copies of the ids: the act's own, kept until the flush, would leave its batch's memory full of holes."""
    post: str | None = getattr(act, "post_id", None)  # an attribution has none
    return act.event_id.encode(), None if post is None else post.encode()
