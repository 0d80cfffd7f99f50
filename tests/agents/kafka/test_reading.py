"""Polling until the end, on a scripted client: whole, in order, bounded by the ends, and never without progress."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from kafka import TopicPartition

from agents.errors import UnavailableError
from agents.kafka import reading
from agents.kafka.reading import Chunk, poll_until_end

A, B = TopicPartition("t", 0), TopicPartition("t", 1)
Polled = dict[TopicPartition, Sequence[int]]


class ScriptedConsumer:
    """Returns scripted polls; a record's offset stands for the record, a negative one for a marker or a gap."""

    def __init__(self, *polls: Polled) -> None:
        self.polls = list(polls)
        self.positions: dict[TopicPartition, int] = {}
        self.assigned: list[TopicPartition] = []
        self.paused: list[TopicPartition] = []

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = partitions

    def seek(self, at: TopicPartition, offset: int) -> None:
        self.positions[at] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused += partitions

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused = [at for at in self.paused if at not in partitions]

    def position(self, at: TopicPartition) -> int:
        return self.positions[at]

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[SimpleNamespace]]:
        assert timeout_ms > 0
        polled = self.polls.pop(0) if self.polls else {}
        assert not polled.keys() & set(self.paused), "a finished partition is polled again"
        for at, offsets in polled.items():
            self.positions[at] = max(map(abs, offsets)) + 1
        kept = {at: [SimpleNamespace(offset=n) for n in offsets if n >= 0] for at, offsets in polled.items()}
        return {at: some for at, some in kept.items() if some}


def read(client: ScriptedConsumer, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> list[Chunk]:
    return list(poll_until_end(client, starts, ends))


def offsets(chunks: list[Chunk], at: TopicPartition) -> list[int]:
    return [record.offset for chunk in chunks if chunk.partition == at for record in chunk.records]


def test_every_record_up_to_the_end_and_none_beyond() -> None:
    client = ScriptedConsumer({A: [3, 4]}, {}, {A: [5, 6, 7], B: [0]})
    chunks = read(client, {A: 3, B: 0}, {A: 6, B: 1})
    assert offsets(chunks, A) == [3, 4, 5]
    assert offsets(chunks, B) == [0]
    assert [chunk.next_offset for chunk in chunks if chunk.partition == A] == [5, 6]


def test_a_marker_at_the_end_moves_the_partition_to_its_end() -> None:
    chunks = read(ScriptedConsumer({A: [0, 1]}, {A: [-2]}), {A: 0}, {A: 3})
    assert chunks[-1] == Chunk(A, [], 3)


def test_a_client_reads_partitions_again_that_it_finished_before() -> None:
    client = ScriptedConsumer({A: [3, 4]}, {A: [0, 1, 2, 3, 4]})
    assert offsets(read(client, {A: 3}, {A: 5}), A) == [3, 4]
    assert offsets(read(client, {A: 0}, {A: 5}), A) == [0, 1, 2, 3, 4]


def test_a_partition_without_anything_to_read_is_not_assigned() -> None:
    client = ScriptedConsumer({A: [0]})
    read(client, {A: 0, B: 7}, {A: 1, B: 7})
    assert client.assigned == [A]


def test_a_broker_that_returns_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "REQUEST_S", 0.0)
    with pytest.raises(UnavailableError, match="does not return t up to its end"):
        read(ScriptedConsumer({A: [0]}), {A: 0}, {A: 5})
