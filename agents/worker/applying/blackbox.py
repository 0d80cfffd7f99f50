"""The crash marker: which records are being applied, in a file that outlives any death, so that a killer is found."""

import mmap
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.transport.blocks import RawBlock

HEADER = struct.Struct("<i")  # how many entries follow; 0: all went well
ENTRY = struct.Struct("<iiqqi")
MAX_TOGETHER = 256  # blocks that are decoded together, for each has an entry
SIZE = HEADER.size + MAX_TOGETHER * ENTRY.size
PATIENCE = 3  # deaths at the same records until they are applied one by one


class Suspect(NamedTuple):
    """Records that were being applied when the process died, and how many deaths that makes, 0 if it is not sure."""

    tp: TopicPartition
    start: int
    stop: int
    deaths: int

    def covers(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether some of the records are suspect."""
        return tp == self.tp and start < self.stop and self.start < stop


class BlackBox:
    """One worker's crash marker: a write costs a microsecond, and the operating system keeps it when we are killed."""

    def __init__(self, path: Path, topics: Sequence[str]) -> None:
        """Open the file, or make it; what it holds is what the last run died of, or nothing."""
        self.topics = list(topics)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size != SIZE:
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)
        found = self._read()
        self.suspect = found[0]._replace(deaths=found[0].deaths + 1) if len(found) == 1 else None
        self.together = found if len(found) > 1 else []  # it died of one of several blocks

    def is_suspect(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether some of these records may have killed us: their block is decoded alone.

        It ends by itself: offsets that were committed since are not read again.
        """
        known = self.together if self.suspect is None else [self.suspect]
        return any(one.covers(tp, start, stop) for one in known)

    def enter(self, tp: TopicPartition, start: int, stop: int) -> None:
        """Note that records are about to be applied; of suspects, those that both deaths have in common."""
        deaths, old = 0, self.suspect
        if old is not None and old.covers(tp, start, stop):
            start, stop, deaths = max(start, old.start), min(stop, old.stop), old.deaths
        self._write([Suspect(tp, start, stop, deaths)])

    def enter_all(self, blocks: Sequence[tuple[TopicPartition, RawBlock]]) -> None:
        """Note that blocks are about to be decoded, at most ``MAX_TOGETHER``; of several it was one of them."""
        if len(blocks) == 1:
            ((tp, block),) = blocks
            self.enter(tp, block.offset, block.next_offset)
        else:
            self._write(Suspect(tp, block.offset, block.next_offset, 0) for tp, block in blocks)

    def leave(self) -> None:
        """Note that all went well."""
        self._map[: HEADER.size] = HEADER.pack(0)

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

    def _read(self) -> list[Suspect]:
        (n,) = HEADER.unpack_from(self._map)
        entries = (ENTRY.unpack_from(self._map, HEADER.size + i * ENTRY.size) for i in range(min(n, MAX_TOGETHER)))
        return [
            Suspect(TopicPartition(self.topics[topic], partition), start, stop, deaths)
            for topic, partition, start, stop, deaths in entries
            if topic < len(self.topics)
        ]

    def _write(self, entries: Iterable[Suspect]) -> None:
        packed = [ENTRY.pack(self.topics.index(tp.topic), tp.partition, *more) for tp, *more in entries]
        self._map[: HEADER.size + len(packed) * ENTRY.size] = HEADER.pack(len(packed)) + b"".join(packed)
