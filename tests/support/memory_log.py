"""The log of one partition in memory: offsets, control markers, retention and compaction as Kafka has them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from agents.transport.fetching import FetchedBatch
from agents.transport.record_batch import BATCH_HEADER, BatchHeader, PackedBatch
from streams.wire.records import Records, read_batch

KeyValue = tuple[bytes | None, bytes | None]


class Entry(NamedTuple):
    """One record, or a control marker."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    is_marker: bool = False
    is_aborted: bool = False
    open_by: str = ""  # transactional id of the transaction that is not decided yet


def entries_of(packed: PackedBatch) -> list[Entry]:
    """Return the records of a batch as it goes over the wire."""
    data = packed._build()
    batch = BatchHeader(0, *BATCH_HEADER.unpack_from(data, 0))
    slices = np.empty((6, batch.n), np.int64)
    raw = np.frombuffer(data, np.uint8)
    assert read_batch(raw, BATCH_HEADER.size, batch.stop, (0, batch.first_timestamp), -1, slices, 0, batch.n)
    return [Entry(*record) for record in Records(raw, slices)]


class Log:
    """Entries in the order of their offsets, some of which may be missing."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.earliest, self.end = 0, 0

    @property
    def last_stable_offset(self) -> int:
        """The offset of the oldest transaction that is not decided; the end where there is none."""
        return next((entry.offset for entry in self.entries if entry.open_by), self.end)

    def append(self, entries: Sequence[Entry], transactional_id: str = "") -> int:
        """Append entries, whose offsets are given here; return the first's."""
        first = self.end
        self.entries += [entry._replace(offset=first + i, open_by=transactional_id) for i, entry in enumerate(entries)]
        self.end += len(entries)
        return first

    def end_transaction(self, transactional_id: str, *, is_committed: bool) -> None:
        """Decide a transaction; its marker takes an offset."""
        self.entries = [
            entry._replace(open_by="", is_aborted=not is_committed) if entry.open_by == transactional_id else entry
            for entry in self.entries
        ]
        self.append([Entry(0, 0, None, None, is_marker=True)])

    def delete_before(self, offset: int) -> None:
        """Move the earliest offset, as retention does."""
        self.earliest = max(offset, self.earliest)
        self.entries = [entry for entry in self.entries if entry.offset >= self.earliest]

    def compact(self, *, with_tombstones: bool = False) -> None:
        """Keep the newest decided record of each key; tombstones, too, until they are old.

        Args:
            with_tombstones: they are old: they go as well.
        """
        newest = {entry.key: entry.offset for entry in self._committed(self.last_stable_offset)}
        self.entries = [
            entry
            for entry in self.entries
            if entry.offset >= self.last_stable_offset
            or (newest.get(entry.key) == entry.offset and not (with_tombstones and entry.value is None))
        ]

    def fetch(self, offset: int, most: int) -> FetchedBatch | None:
        """Return committed records from an offset that is there; None: there is nothing more to read yet."""
        stop = self.last_stable_offset
        if offset >= stop:
            return None
        found = [entry for entry in self._committed(stop) if entry.offset >= offset]
        if len(found) > most:
            found, stop = found[:most], found[most].offset
        return FetchedBatch(offset, stop, Records.of(found))

    def _committed(self, stop: int) -> Iterator[Entry]:
        return (e for e in self.entries if e.offset < stop and not e.is_marker and not e.is_aborted)
