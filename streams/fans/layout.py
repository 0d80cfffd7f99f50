"""Changelog values of earlier versions as rows of this one: fields have numbers, so a row only grows at its end."""

import numpy as np

from schemas.row import Ints
from streams.fans.model import LAYOUT, Model
from streams.wire.records import ByteSlices


class OtherVersionError(ValueError):
    """A row of a version that this program cannot read: upgrade, or read the inputs again."""


def check_rows(model: Model, values: ByteSlices) -> None:
    """Check that changelog values are rows of this layout, of this or an earlier version.

    Raises:
        OtherVersionError: a row is longer than ours, or of another layout.
        ValueError: a value is no row.
    """
    sizes = values.stop - values.start
    if not len(sizes):
        return
    if sizes.min() <= 0:
        raise ValueError("a changelog value is empty")
    layouts = values.data[values.start]
    if (layouts != LAYOUT).any():
        found = int(layouts[layouts != LAYOUT][0])
        if found > LAYOUT:
            raise OtherVersionError(
                f"rows of layout {found}, this program reads {LAYOUT}: a newer version wrote them; upgrade this worker"
            )
        raise OtherVersionError(
            f"rows of layout {found}, which held offsets and event ids: this program reads layout {LAYOUT}; "
            "start with another FANPULSE_GROUP, which reads the inputs from their beginning"
        )
    if sizes.max() > model.dtype.itemsize:
        raise OtherVersionError(
            f"rows of {sizes.max()} bytes, this program's have {model.dtype.itemsize}: a newer version wrote them; "
            "upgrade this worker"
        )
    known = np.isin(sizes, _boundaries(model))
    if not known.all():
        raise ValueError(f"a changelog value of {sizes[~known][0]} bytes is no row")


def _boundaries(model: Model) -> Ints:
    return np.cumsum([cell.size for cell in model.cells])
