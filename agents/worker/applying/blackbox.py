"""A flight recorder: which records are being applied, in a file that outlives any death, so that a killer is found."""

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.transport.blocks import RawBlock

ENTRY = struct.Struct("<iiqqi?")
PATIENCE = 3  # deaths at the same records until they are applied one by one


class Suspect(NamedTuple):
    """Records that were being applied when the process died, and how many deaths that makes."""

    tp: TopicPartition
    start: int
    stop: int
    deaths: int

    def covers(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether some of the records are suspect."""
        return tp == self.tp and start < self.stop and self.start < stop


class BlackBox:
    """One worker's recorder: a write costs a microsecond, and the kernel keeps it when we are killed."""

    def __init__(self, path: Path, topics: Sequence[str]) -> None:
        """Open the file, or make it; what it holds is what the last run died of, or nothing."""
        self.topics = list(topics)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size != ENTRY.size:
            path.write_bytes(bytes(ENTRY.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), ENTRY.size)
        place, partition, start, stop, deaths, is_open = ENTRY.unpack(self._map[:])
        self.suspect: Suspect | None = None
        # It died of one of several blocks: each is taken alone from now on.
        self.is_shaken = is_open and place == len(self.topics)
        if is_open and place < len(self.topics):
            self.suspect = Suspect(TopicPartition(self.topics[place], partition), start, stop, deaths + 1)

    def enter(self, tp: TopicPartition, start: int, stop: int) -> None:
        """Note that records are about to be applied; of suspects, those that both deaths have in common."""
        deaths, old = 0, self.suspect
        if old is not None and old.covers(tp, start, stop):
            start, stop, deaths = max(start, old.start), min(stop, old.stop), old.deaths
        self._map[:] = ENTRY.pack(self.topics.index(tp.topic), tp.partition, start, stop, deaths, True)

    def enter_all(self, blocks: Sequence[tuple[TopicPartition, RawBlock]]) -> None:
        """Note that blocks are about to be decoded; of several it will only be known that it was one of them."""
        if len(blocks) == 1:
            ((tp, block),) = blocks
            self.enter(tp, block.offset, block.next_offset)
        else:
            self._map[:] = ENTRY.pack(len(self.topics), 0, 0, 0, 0, True)

    def leave(self) -> None:
        """Note that all went well."""
        self._map[:] = bytes(ENTRY.size)

    def is_dangerous(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether these records killed us so often that they are to be applied one by one."""
        old = self.suspect
        return old is not None and old.deaths >= PATIENCE and old.covers(tp, start, stop)

    def is_culprit(self, tp: TopicPartition, offset: int) -> bool:
        """Return whether this very record killed us when it was applied alone."""
        old = self.suspect
        return (
            old is not None
            and old.deaths > PATIENCE
            and old.stop - old.start == 1
            and old.covers(tp, offset, offset + 1)
        )
