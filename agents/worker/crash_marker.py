"""The crash marker: which records are being applied, in a file that outlives any death, to find a poison pill."""

import mmap
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import TopicPartition

from agents.transport.fetching import FetchedBatch

MARKER_HEADER = struct.Struct("<i")  # how many entries follow; 0: all went well
ENTRY = struct.Struct("<iiqqi")
MAX_TOGETHER = 256  # batches that are decoded together, because each has an entry
MARKER_BYTES = MARKER_HEADER.size + MAX_TOGETHER * ENTRY.size
MAX_DEATHS = 3  # at the same records until they are applied one by one


class Suspect(NamedTuple):
    """Records that were being applied when the process died, and how many deaths that makes, 0 if it is not sure."""

    tp: TopicPartition
    start: int
    stop: int
    deaths: int

    def covers(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether some of the records are suspect."""
        return tp == self.tp and start < self.stop and self.start < stop


class CrashMarker:
    """One worker's marker: a write costs a microsecond, and the operating system keeps it when we are killed."""

    def __init__(self, path: Path, topics: Sequence[str]) -> None:
        """Open the file, or make it; what it holds is what the last run died of, or nothing."""
        self.topics = list(topics)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size != MARKER_BYTES:
            path.write_bytes(bytes(MARKER_BYTES))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), MARKER_BYTES)
        found = self._read()
        self.suspect = found[0]._replace(deaths=found[0].deaths + 1) if len(found) == 1 else None
        self.together = found if len(found) > 1 else []  # it died of one of several batches

    @contextmanager
    def covering(self, batches: Sequence[tuple[TopicPartition, FetchedBatch]]) -> Iterator[None]:
        """Mark batches, at most ``MAX_TOGETHER``, while they are applied; of several it was one of them."""
        if len(batches) == 1:
            ((tp, batch),) = batches
            self._mark(tp, batch.offset, batch.next_offset)
        else:
            self._write(Suspect(tp, batch.offset, batch.next_offset, 0) for tp, batch in batches)
        yield
        self.clear()

    @contextmanager
    def covering_record(self, tp: TopicPartition, offset: int) -> Iterator[None]:
        """Mark one record while it is applied."""
        self._mark(tp, offset, offset + 1)
        yield
        self.clear()

    def is_suspect(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether some of these records may have killed us: their batch is decoded alone.

        It ends by itself: offsets that were committed since are not read again.
        """
        known = self.together if self.suspect is None else [self.suspect]
        return any(one.covers(tp, start, stop) for one in known)

    def must_isolate(self, tp: TopicPartition, start: int, stop: int) -> bool:
        """Return whether these records killed us so often that they are applied one by one."""
        old = self.suspect
        return old is not None and old.deaths >= MAX_DEATHS and old.covers(tp, start, stop)

    def is_poison_pill(self, tp: TopicPartition, offset: int) -> bool:
        """Return whether this very record killed us when it was applied alone."""
        old = self.suspect
        return (
            old is not None
            and old.deaths > MAX_DEATHS
            and old.stop - old.start == 1
            and old.covers(tp, offset, offset + 1)
        )

    def clear(self) -> None:
        """Note that all went well."""
        self._map[: MARKER_HEADER.size] = MARKER_HEADER.pack(0)

    def _mark(self, tp: TopicPartition, start: int, stop: int) -> None:
        """Mark records; of suspects, those that both deaths have in common."""
        deaths, old = 0, self.suspect
        if old is not None and old.covers(tp, start, stop):
            start, stop, deaths = max(start, old.start), min(stop, old.stop), old.deaths
        self._write([Suspect(tp, start, stop, deaths)])

    def _read(self) -> list[Suspect]:
        (n,) = MARKER_HEADER.unpack_from(self._map)
        entries = (
            ENTRY.unpack_from(self._map, MARKER_HEADER.size + i * ENTRY.size) for i in range(min(n, MAX_TOGETHER))
        )
        return [
            Suspect(TopicPartition(self.topics[topic], partition), start, stop, deaths)
            for topic, partition, start, stop, deaths in entries
            if topic < len(self.topics)
        ]

    def _write(self, entries: Iterable[Suspect]) -> None:
        packed = [ENTRY.pack(self.topics.index(tp.topic), tp.partition, *more) for tp, *more in entries]
        self._map[: MARKER_HEADER.size + len(packed) * ENTRY.size] = MARKER_HEADER.pack(len(packed)) + b"".join(packed)
