"""The dedup windows of a partition, and their log: an internal topic from which they are restored.

Each record has what is new since the record before it, so that a second of 10,000 ids costs 80 kB, not the window. A
reader needs the records from the one in which the oldest generation begins. Where is that? The exact offset of a record
is known only after its transaction, and control markers take offsets too. So records are numbered (``seq``), and each
generation remembers the number of the first record with its hashes and a *lower bound* of that record's offset: one
more than the newest offset acknowledged when it was made, for one writer, fenced, writes them in order. The newest
record has the smallest such bound of all generations. Reading from there finds a few records too many, never one too
few; a gap in the numbers is an error, and a generation with other than the recorded number of hashes shows that the
topic lost its oldest records.

Applying a record twice, or one that is older than the window, does no harm: it learns which generation is the current
one, hashes are added to sets, and forgotten ones are taken out first.

A quiet input would keep the begin of all windows back forever. So when the log since the begin holds more than twice as
many ids as the windows, or is 12 hours old, the input that is to blame is *swept*: its hashes are written again, up to
10,000 a record, in the order of the hashes. Then its generations begin where the sweep began: what was new meanwhile is
in the records anyway. So the topic's retention may be short (3 days are enough), also where nothing happens.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from schemas.row import Ints
from streams.dedup.event_hash import Hashes
from streams.dedup.hash_set import Flags
from streams.dedup.record import NO_OFFSET, DedupRecord, GenerationState, InputDelta, decode, encode
from streams.dedup.window import NOT_LOGGED, DedupWindow, LogPosition

RECORD_INTERVAL_MS = 1_000
MAX_PENDING = 10_000  # ids, with which a record does not wait
MAX_SWEPT = 10_000  # ids a record
MIN_SWEPT_LOG = 20_000  # ids, below which the log is short enough
MAX_LOG_AGE_MS = 12 * 3_600_000


class Sweep(NamedTuple):
    """Which input is written again: ``part`` of ``parts`` of the range of hashes is next."""

    input: int
    begin: LogPosition
    part: int
    parts: int


class DedupWindows:
    """One window per input of a partition, by the number of the input."""

    def __init__(self, windows: Mapping[int, DedupWindow]) -> None:
        self.windows = dict(sorted(windows.items()))
        self.is_truncated = False  # the log had lost records that the windows needed
        self._next_seq = 0
        self._next_offset = 0  # a lower bound
        self._logged_ids = 0
        self._logged: tuple[int, dict[int, int]] | None = None  # when, and with which applied offsets
        self._sweep: Sweep | None = None

    def observe(self, number: int, hashes: Hashes, at_ms: int) -> Flags:
        """Return which events of an input are repeats; remember the others."""
        return self.windows[number].observe(hashes, at_ms)

    def forget(self, number: int, hashes: Hashes) -> None:
        """Take the ids of refused events of an input out again."""
        self.windows[number].forget(hashes)

    def sure_since_ms(self, number: int) -> int:
        """Return since when every id of an input is known; 0 while none was dropped."""
        return self.windows[number].sure_since_ms()

    def on_acknowledged(self, offset: int) -> None:
        """Note that a record of the log was written at an offset, in a transaction that was committed."""
        self._next_offset = max(self._next_offset, offset + 1)

    def take_record(self, applied: Mapping[int, int], now_ms: int) -> bytes | None:
        """Return what is new since the last record, None where no record is due; it must then be written.

        Args:
            applied: per input the next offset, such that all events before it, and no others, were observed.
            now_ms: at most one record a second, but with 10,000 new ids at once, and with forgotten ones, which the
                replay of the events after an older record would bring back.
        """
        here = LogPosition(self._next_seq, self._next_offset, now_ms, self._logged_ids)
        self._plan_sweep(here)
        if not self._is_due(applied, now_ms):
            return None
        deltas = [self._delta(number, window, applied, here) for number, window in self.windows.items()]
        begin = min(self._begins(), default=here)
        self._next_seq += 1
        self._logged_ids += sum(len(delta.to_previous) + len(delta.to_current) for delta in deltas)
        self._logged = now_ms, dict(applied)
        return encode(DedupRecord(here, begin.seq, begin.offset, deltas))

    def restore(self, records: Iterable[bytes]) -> dict[int, int]:
        """Rebuild windows that are empty from the log; return the applied offsets of its last record.

        Args:
            records: committed ones, from ``begin_offset`` of the newest one (or any offset before it) to the newest.

        Raises:
            ValueError: a record is no such record, or one between is missing. The windows are then of no use.
        """
        first, record = None, None
        for data in records:
            record = decode(data)
            first = first or record
            if record.position.seq != self._next_seq and record is not first:
                raise ValueError(f"dedup record {record.position.seq} follows {self._next_seq - 1}")
            self._apply(record)
        if first is None or record is None:
            return {}
        self._find_truncation(record, first.position)
        self._next_offset = record.position.offset + 1
        applied = {delta.input: delta.applied for delta in record.inputs if delta.applied != NO_OFFSET}
        self._logged = record.position.at_ms, applied
        return dict(applied)

    def _begins(self) -> list[LogPosition]:
        found = [window.logged_from() for window in self.windows.values()]
        return [position for position in found if position != NOT_LOGGED]

    def _is_due(self, applied: Mapping[int, int], now_ms: int) -> bool:
        pending = sum(window.pending_count() for window in self.windows.values())
        if pending >= MAX_PENDING or any(window.has_forgotten for window in self.windows.values()):
            return True
        if self._logged is None:
            return pending > 0 or bool(applied)
        at_ms, logged = self._logged
        has_pending = pending > 0 or self._sweep is not None or logged != dict(applied)
        return has_pending and not 0 <= now_ms - at_ms < RECORD_INTERVAL_MS  # a clock may step back

    def _plan_sweep(self, here: LogPosition) -> None:
        begin = min(self._begins(), default=here)
        size = sum(len(window) for window in self.windows.values())
        is_long = here.ids - begin.ids > 2 * size + MIN_SWEPT_LOG
        if self._sweep is None and (is_long or here.at_ms - begin.at_ms > MAX_LOG_AGE_MS):
            number = next(n for n, window in self.windows.items() if window.logged_from() == begin)
            self._sweep = Sweep(number, here, 0, 1 + len(self.windows[number]) // MAX_SWEPT)

    def _delta(self, number: int, window: DedupWindow, applied: Mapping[int, int], here: LogPosition) -> InputDelta:
        added = []
        for generation in window.generations():
            if generation.logged_from == NOT_LOGGED and generation.count:
                generation.logged_from = here
            added.append(generation.pending_hashes())
            generation.pending = []
        forgotten = np.array(window.forgotten, np.int64)
        window.forgotten, window.has_forgotten = [], False
        if self._sweep is not None and self._sweep.input == number:
            swept = self._sweep_part(self._sweep, window)
            added = [np.concatenate(parts) for parts in zip(added, swept, strict=True)]
        states = [GenerationState(g.begin_ms, g.logged_from, g.count) for g in window.generations()]
        return InputDelta(
            number, applied.get(number, NO_OFFSET), window.number, states[0], states[1], forgotten, added[0], added[1]
        )

    def _sweep_part(self, sweep: Sweep, window: DedupWindow) -> list[Ints]:
        low, high = (
            np.uint64(min((part << 64) // sweep.parts, (1 << 64) - 1)) for part in (sweep.part, sweep.part + 1)
        )
        is_last = sweep.part + 1 == sweep.parts
        found = []
        for generation in window.generations():
            hashes = generation.table.view(np.uint64)
            in_part = (hashes >= low) & ((hashes < high) | is_last) & (hashes != 0)
            found.append(np.sort(hashes[in_part]).view(np.int64))
        self._sweep = None if is_last else sweep._replace(part=sweep.part + 1)
        if is_last:
            for generation in window.generations():
                if generation.logged_from != NOT_LOGGED:
                    generation.logged_from = max(generation.logged_from, sweep.begin)
        return found

    def _apply(self, record: DedupRecord) -> None:
        for delta in record.inputs:
            window = self.windows.get(delta.input)
            if window is None:  # no longer declared
                continue
            if delta.number < window.number:
                raise ValueError(f"dedup record {record.position.seq} goes back to generation {delta.number}")
            for _ in range(min(delta.number - window.number, 2)):
                window.rotate(0)
            window.number = delta.number
            for generation in window.generations():
                generation.discard(delta.forgotten.tolist())
            window.previous.restore(delta.to_previous, window.half)
            window.current.restore(delta.to_current, window.half)
            for generation, state in zip(window.generations(), (delta.previous, delta.current), strict=True):
                generation.begin_ms, generation.logged_from = state.begin_ms, state.logged_from
        self._next_seq = record.position.seq + 1
        added = sum(len(delta.to_previous) + len(delta.to_current) for delta in record.inputs)
        self._logged_ids = record.position.ids + added

    def _find_truncation(self, last: DedupRecord, first: LogPosition) -> None:
        for delta in last.inputs:
            if (window := self.windows.get(delta.input)) is None:
                continue
            sizes = [generation.count for generation in window.generations()]
            if sizes != [delta.previous.size, delta.current.size]:
                self.is_truncated = True
                for generation in window.generations():
                    generation.begin_ms = max(generation.begin_ms, first.at_ms)


def begin_offset(newest: bytes) -> int:
    """Return the offset from which the log must be read, by its newest record; ValueError where it is none."""
    return decode(newest).begin_offset
