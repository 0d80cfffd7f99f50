"""Rows as past versions wrote them, brought to the present layout: a start with an older changelog migrates as it goes.

Whoever changes ``schemas/fan.py`` raises LAYOUT, keeps the dtype that was, and adds a reader here and a golden file.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from schemas.fan import FAN, LAYOUT
from schemas.layout import Ints, Rows
from streams.records.spans import Texts


class Past(NamedTuple):
    """A layout that is no longer written: what its rows were, and how to read them as those of the next one."""

    dtype: np.dtype[np.void]
    onward: Callable[[Rows], Rows]


PAST: dict[int, Past] = {}  # none yet: layout 1 is the first


def by_name(rows: Rows, dtype: np.dtype[np.void] = FAN, layout: int = LAYOUT) -> Rows:
    """Return rows of another layout with every field that both have; what is new is zero."""
    out = np.zeros(len(rows), dtype)
    for name in set(out.dtype.names or ()) & set(rows.dtype.names or ()):
        out[name] = rows[name]
    out["layout"] = layout
    return out


def present(values: Texts) -> Texts:
    """Return changelog values as rows of the present layout, in their order.

    Raises:
        ValueError: a value is no row of a layout that is known.
    """
    sizes = values.stop - values.start
    layouts = values.data[values.start[sizes > 0]]
    if len(layouts) == len(sizes) and (layouts == LAYOUT).all():
        if (sizes != FAN.itemsize).any():
            raise ValueError(f"changelog values are not rows of layout {LAYOUT} ({FAN.itemsize} bytes)")
        return values
    if len(layouts) < len(sizes):
        raise ValueError("changelog values are no rows: they are empty")
    out = np.zeros(len(sizes), FAN)
    for layout in np.unique(layouts).tolist():
        some = np.flatnonzero(layouts == layout)
        out[some] = _read(values, some, layout)
    ends = np.arange(len(sizes) + 1) * FAN.itemsize
    return Texts(out.view(np.uint8), ends[:-1], ends[1:])


def _read(values: Texts, some: Ints, layout: int) -> Rows:
    if layout != LAYOUT and layout not in PAST:
        raise ValueError(f"changelog rows of layout {layout}, this program reads {[*PAST, LAYOUT]}")
    dtype = FAN if layout == LAYOUT else PAST[layout].dtype
    if (values.stop[some] - values.start[some] != dtype.itemsize).any():
        raise ValueError(f"changelog values are not rows of layout {layout} ({dtype.itemsize} bytes)")
    rows = np.frombuffer(b"".join(values.at(i) for i in some.tolist()), dtype)
    while layout != LAYOUT:
        rows, layout = PAST[layout].onward(rows), layout + 1
    return rows
