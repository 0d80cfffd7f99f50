"""A history of acts as columns, and each fan's rhythm in it: what the churn rule and its fit read."""

from typing import NamedTuple, Self

import numpy as np

from schemas.layout import Floats, Ints
from streams.params import DAY


class Acts(NamedTuple):
    """The acts of one brand, one row each, in any order."""

    fan: Ints  # 0 and on, a number per fan
    at: Ints  # ms

    def before(self, moment: int) -> Self:
        """Return the acts earlier than ``moment``, ms."""
        earlier = self.at < moment
        return self._replace(fan=self.fan[earlier], at=self.at[earlier])


class Rhythms(NamedTuple):
    """Per fan: repeat active days, days from the first act to the last, and to the end of the history."""

    fans: Ints
    repeats: Floats
    span: Floats
    age: Floats


def rhythms(acts: Acts, until: int, utc_offset_minutes: int) -> Rhythms:
    """Return each fan's rhythm as it was at ``until``, ms; only fans who came before.

    >>> acts = Acts(np.array([7, 7, 7]), np.array([0, DAY, DAY + 1]))
    >>> [column.tolist() for column in rhythms(acts, 5 * DAY, 480)]
    [[7], [1.0], [1.0000000115740741], [5.0]]
    """
    fan, at = acts.before(until)
    fans, row = np.unique(fan, return_inverse=True)
    first, last = np.full(len(fans), until), np.zeros(len(fans), np.int64)
    np.minimum.at(first, row, at)
    np.maximum.at(last, row, at)
    days = np.unique(np.column_stack([row, (at + utc_offset_minutes * 60_000) // DAY]), axis=0)
    repeats = np.bincount(days[:, 0], minlength=len(fans)).astype(np.float64) - 1.0
    return Rhythms(fans, repeats, (last - first) / DAY, (until - first) / DAY)
