"""The fans store: rows found by key, grown, queued for the changelog and for readers, and restored."""

import numpy as np

from schemas.row import Bytes, Ints
from streams.compiled import compiled
from streams.fans.columns import Columns, Dirty, find_due, mark, unmark
from streams.fans.growing import grow, growing
from streams.fans.index import Index, OwnedPartition, brand_of, find_brands
from streams.fans.kernels import kernels_of
from streams.fans.layout import check_rows
from streams.fans.model import LAYOUT, Model
from streams.fans.params import Brands
from streams.fans.sources import Sources
from streams.rules.rule import NEVER
from streams.wire.records import ByteSlices, Records

MAX_DUE = 20_000  # rows whose timers one call looks at: 5 ms
MAX_ROWS_A_CALL = 50_000  # that ``finish_restore`` derives at once: 10 ms
CHANGELOG, PUBLISH, PUBLISH_LATER = range(3)  # places in ``Columns.queued``
DIRTY_BITS = (Dirty.CHANGELOG, Dirty.PUBLISH, Dirty.PUBLISH_LATER)


@compiled
def put_rows(values: ByteSlices, to: Ints, raw: Bytes, size: int) -> None:
    """Copy each value over the row that begins at ``to``; what a shorter one lacks becomes zero, a null value all."""
    for i in range(len(to)):
        at = to[i]
        n = max(values.stop[i] - values.start[i], 0)
        raw[at : at + n] = values.data[values.start[i] : values.start[i] + n]
        raw[at + n : at + size] = 0


class FanStore:
    """The fans of one partition. No view of the rows may be kept: growing moves them."""

    name = "fans"

    def __init__(self, model: Model, brands: Brands, owned: OwnedPartition) -> None:
        self.model, self.brands, self.kernels = model, brands, kernels_of(model)
        self.index, self.sources = Index(owned), Sources()
        n = len(brands.rows)
        self.columns = Columns(
            rows=growing(model.dtype),
            due=growing(np.int64),
            source=growing(np.int32),
            code=growing(np.int16),
            dirty=growing(np.uint8),
            is_staff=growing(np.bool_),
            to_changelog=growing(np.int32),
            to_publish=growing(np.int32),
            to_publish_later=growing(np.int32),
            queued=np.zeros(3, np.int64),
            class_counts=np.zeros((n, model.n_classes), np.int64),
            score_sums=np.zeros(n, np.float64),
        )
        self._per_fan = self.columns[:9]
        self._due, self._due_from = np.empty(MAX_DUE, np.int64), 0
        self._staff = self._register_staff() if brands.staff else 0

    def __len__(self) -> int:
        """Return how many fans there are, without the brands' own people."""
        return len(self.index) - self._staff

    def find(self, keys: ByteSlices) -> Ints:
        """Return the row of each key, int64[n], -1 for a key of another partition; a new key gets a new row."""
        known = len(self.index)
        rows = self.index.find(keys)
        if len(self.index) > known:
            self._register(keys, rows, known)
        return rows

    def due_rows(self, clock: Ints) -> Ints:
        """Return rows whose timers are due by their source's clock (int64 ms per source), at most ``MAX_DUE``.

        After a restore or an outage those of all fans may be due: then the next call goes on where this one ended.
        """
        if not len(clock):
            return np.zeros(0, np.int64)
        n, self._due_from = find_due(self.columns, len(self.index), clock, self._due_from, self._due)
        return self._due[:n]

    def has_changes(self, queue: int) -> bool:
        """Return whether rows wait in a queue."""
        return bool(self.columns.queued[queue])

    def poll(self, queue: int, limit: int) -> Ints:
        """Take at most ``limit`` rows out of a queue, the oldest first."""
        waiting, n = self.columns[6 + queue], int(self.columns.queued[queue])
        taken: Ints = waiting[: min(n, limit)].astype(np.int64)
        waiting[: n - len(taken)] = waiting[len(taken) : n]
        self.columns.queued[queue] = n - len(taken)
        unmark(self.columns, taken, DIRTY_BITS[queue])
        return taken

    def poll_publish(self, limit: int, later: bool) -> Ints:
        """Return rows that readers get now, and note that they do; with ``later`` those too that may wait no longer."""
        picked = self.poll(PUBLISH, limit)
        if later and len(picked) < limit:
            waited = self.poll(PUBLISH_LATER, limit - len(picked))
            rows = self.columns.rows
            picked = np.concatenate([picked, waited[rows["seq"][waited] != rows["published_seq"][waited]]])
            picked = np.unique(picked) if len(waited) else picked
        self.kernels.publish(self.columns, picked)
        return picked

    def poll_changelog(self) -> tuple[ByteSlices, ByteSlices]:
        """Return changelog records, keys and values, of the rows that changed since the last call.

        They are views: they must be copied before anything else happens here.
        """
        picked = self.poll(CHANGELOG, len(self.index))
        size = self.model.dtype.itemsize
        start = picked * size
        return self.index.texts(picked), ByteSlices(self._raw(), start, start + size)

    def restore(self, records: Records) -> None:
        """Take rows back from the changelog; of two for one key the later wins, and a null value deletes.

        Raises:
            ValueError: a value is no row of this program (``OtherVersionError``: of another version), or a key belongs
                to another partition.
        """
        values = records.values()
        lives = values.start >= 0
        check_rows(self.model, ByteSlices(values.data, values.start[lives], values.stop[lives]))
        rows = self.find(records.keys())
        if len(rows) and rows.min() < 0:
            raise ValueError("changelog key of another partition")
        size = self.model.dtype.itemsize
        put_rows(values, rows * size, self._raw(), size)
        if not lives.all():
            self.columns.rows["layout"][rows[~lives]] = LAYOUT

    def finish_restore(self) -> None:
        """Derive timers, gauges and queues from the restored rows."""
        for start in range(0, len(self.index), MAX_ROWS_A_CALL):
            stop = min(start + MAX_ROWS_A_CALL, len(self.index))
            self.kernels.finish_restore(self.columns, start, stop, self.brands.rows, self.sources.newest)

    def mark_changed(self, row: int) -> None:
        """Write a row again with the next flush, and publish it."""
        mark(self.columns, row, Dirty.CHANGELOG | Dirty.PUBLISH)

    def _raw(self) -> Bytes:
        return self.columns.rows.view(np.uint8)

    def _register(self, keys: ByteSlices, rows: Ints, known: int) -> None:
        size = len(self.index)
        for column in self._per_fan:
            grow(column, size)
        new = np.flatnonzero(rows >= known)
        begins = np.empty(len(new), np.bool_)
        find_brands(keys, new, begins)
        names = [brand_of(keys.at(i)) for i in new[begins].tolist()]
        of = begins.cumsum() - 1
        self.columns.source[rows[new]] = np.array([self.sources.row(name) for name in names])[of]
        self.columns.code[rows[new]] = np.array([self.brands.code(name) for name in names])[of]
        self.columns.due[known:size] = NEVER
        self.columns.rows["layout"][known:size] = LAYOUT

    def _register_staff(self) -> int:
        """Give the brands' own people their rows; return how many belong to this partition.

        They are few and known from the start, so no new fan has to be compared with them.
        """
        staff = self.find(ByteSlices.of(sorted(self.brands.staff)))
        self.columns.is_staff[staff[staff >= 0]] = True
        return int((staff >= 0).sum())
