"""Keyed rows: find by key, grow, remember what is yet to be done, go to the changelog and come back."""

import numpy as np

from schemas.fan import FAN, LAYOUT
from schemas.layout import Bytes, Ints
from streams.columns import Columns, Todo
from streams.compiled import compiled
from streams.fold import announced, set_due
from streams.params import Brands
from streams.records.spans import Records, Texts
from streams.state.feeds import Feeds
from streams.state.growing import grow, growing
from streams.state.index import Home, Index, brand_of, find_brands
from streams.state.layouts import present

NEVER = np.iinfo(np.int64).max


@compiled
def put_rows(values: Texts, to: Ints, raw: Bytes) -> None:
    """Copy each value to its place, in order."""
    for i in range(len(to)):
        size = values.stop[i] - values.start[i]
        raw[to[i] : to[i] + size] = values.data[values.start[i] : values.stop[i]]


class Table:
    """The fans of one partition. No view of the rows may be kept: growing moves them."""

    def __init__(self, brands: Brands, home: Home) -> None:
        self.brands, self.index, self.feeds = brands, Index(home), Feeds()
        self.columns = Columns(growing(FAN), growing(np.int64), growing(np.int32), growing(np.int16), growing(np.uint8))

    def __len__(self) -> int:
        return len(self.index)

    def find(self, keys: Texts) -> Ints:
        """Return the row of each key, -1 for a key of another partition; a key never seen gets a new row."""
        known = len(self.index)
        where = self.index.find(keys)
        if len(self.index) > known:
            self._welcome(keys, where, known)
        return where

    def late(self, clock: Ints) -> Ints:
        """Return the rows that are due by their brand's clock."""
        if not len(clock):
            return np.zeros(0, np.int64)
        due, feed = self.columns.due, self.columns.feed
        late = np.flatnonzero(due[: len(self.index)] <= clock.max())
        return late[due[late] <= clock[feed[late]]]

    def waiting(self, todo: int) -> Ints:
        """Return the rows that wait for any of ``todo``."""
        return np.flatnonzero(self.columns.todo[: len(self.index)] & todo)

    def announced(self, picked: Ints) -> None:
        """Note that readers are about to get what these rows say now; the rows must be recorded with it."""
        announced(self.columns, picked)

    def records(self) -> tuple[Texts, Texts]:
        """Return changelog records, keys and values, of the rows that changed, which then wait no more.

        They are views: they must be copied before anything else happens here.
        """
        picked = self.waiting(Todo.RECORD)
        self.columns.todo[picked] &= 0xFF ^ Todo.RECORD
        start = picked * FAN.itemsize
        return self.index.texts(picked), Texts(self._raw(), start, start + FAN.itemsize)

    def restore(self, records: Records) -> None:
        """Take rows back from the changelog; of two for one key the later wins.

        Raises:
            ValueError: a value is no row of this or a past layout, or a key belongs to another partition.
        """
        keys, values = records.keys(), present(records.values())
        where = self.find(keys)
        if len(where) and where.min() < 0:
            raise ValueError("changelog key of another partition")
        put_rows(values, where * FAN.itemsize, self._raw())
        rows = self.columns.rows
        self.columns.todo[where] = np.where(rows["seq"][where] != rows["announced_seq"][where], Todo.ANNOUNCE, 0)
        np.maximum.at(self.feeds.newest, self.columns.feed[where], rows["last_seen"][where])
        set_due(self.columns, where, self.brands.rows)

    def _raw(self) -> Bytes:
        return self.columns.rows.view(np.uint8)

    def _welcome(self, keys: Texts, where: Ints, known: int) -> None:
        size = len(self.index)
        for column in self.columns:
            grow(column, size)
        new = np.flatnonzero(where >= known)
        begins = np.empty(len(new), np.bool_)
        find_brands(keys, new, begins)
        names = [brand_of(keys.at(i)) for i in new[begins].tolist()]
        which = begins.cumsum() - 1
        self.columns.feed[where[new]] = np.array([self.feeds.row(name) for name in names])[which]
        self.columns.code[where[new]] = np.array([self.brands.code(name) for name in names])[which]
        self.columns.due[known:size] = NEVER
        self.columns.rows["layout"][known:size] = LAYOUT
