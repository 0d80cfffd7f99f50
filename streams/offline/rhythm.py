"""A brand's history of acts as columns, and what it says of each fan: rhythm, faded activity, who came back."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from schemas.row import Floats, Ints
from streams.rules.rule import DAY

Bools = NDArray[np.bool_]


class Acts(NamedTuple):
    """The acts of one brand, one row each, in any order."""

    fan: Ints  # int64[n], from 0, a number per fan
    at: Ints  # int64[n] ms

    def before(self, moment: int) -> Self:
        """Return the acts earlier than ``moment``, ms."""
        earlier = self.at < moment
        return self._replace(fan=self.fan[earlier], at=self.at[earlier])


class Rhythms(NamedTuple):
    """Columns with one row per fan: what MBG/NBD reads of a history.

    Attributes:
        fans: int64[n], the fans' numbers, ascending.
        repeats: float64[n], active days after the first one.
        span: float64[n] days from the first act to the last.
        age: float64[n] days from the first act to the end of the history.
    """

    fans: Ints
    repeats: Floats
    span: Floats
    age: Floats


def rhythms(acts: Acts, until: int, utc_offset_minutes: int) -> Rhythms:
    """Return the rhythm at ``until``, ms, of every fan with an act before it; days are the brand's calendar days.

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


def activity(acts: Acts, fans: Ints, until: int, half_life: float) -> Floats:
    """Return each fan's number of acts, faded to ``until``, ms.

    Args:
        acts: the history; what is not before ``until`` is left out.
        fans: int64[n], ascending, every fan with an act before ``until``.
        until: ms.
        half_life: days.

    >>> activity(Acts(np.array([3, 3]), np.array([0, DAY])), np.array([3]), 2 * DAY, 1.0).tolist()
    [0.75]
    """
    fan, at = acts.before(until)
    faded = np.exp2((at - until) / (half_life * DAY))
    return np.bincount(np.searchsorted(fans, fan), faded, minlength=len(fans)).astype(np.float64)


def came_back(acts: Acts, fans: Ints, since: int, until: int) -> Bools:
    """Return which fans have an act in ``since`` <= t < ``until``, ms."""
    return np.isin(fans, acts.fan[(acts.at >= since) & (acts.at < until)])
