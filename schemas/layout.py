"""Row classes: one declaration gives numpy a dtype and mypy the field names."""

from typing import Annotated, TypeAlias, get_type_hints

import numpy as np
from numpy.typing import NDArray

u1 = Annotated[int, "<u1"]
i2 = Annotated[int, "<i2"]
i4 = Annotated[int, "<i4"]
i8 = Annotated[int, "<i8"]
f4 = Annotated[float, "<f4"]
f8 = Annotated[float, "<f8"]

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.void]


def dtype_of(row: type) -> np.dtype[np.void]:
    """Return the packed dtype of a row class.

    A field's type is the last text among its ``Annotated`` metadata, with its shape behind it where it has one;
    fields without such a text are left out.

    >>> class Point:
    ...     x: f8
    ...     tags: Annotated[Ints, "<i8", 3]
    ...     name: str
    >>> dtype_of(Point).itemsize
    32
    """
    # np.record, not np.void: ``row.field`` then works in plain Python as it does in numba.
    fields = []
    for name, hint in get_type_hints(row, include_extras=True).items():
        said = [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, str | int | tuple)]
        if said:
            fields.append((name, *said))
    return np.dtype((np.record, fields))
