"""Row classes: one declaration gives numpy a dtype and mypy the field names."""

from collections.abc import Iterable, Iterator
from typing import Annotated, NamedTuple, TypeAlias, get_type_hints

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


class Cell(NamedTuple):
    """One field of a persistent row. ``number`` is its identity: it is never reused, as in protobuf."""

    number: int
    name: str
    format: str  # numpy's, little endian
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that the field takes."""
        return int(np.dtype((self.format, self.shape)).itemsize)


def cells_of(row: type) -> Iterator[Cell]:
    """Yield the numbered fields that a row class declares itself, without those of its parents.

    A field is ``name: Annotated[f8, 12]``, an array ``name: Annotated[Ints, "<i8", (2,), 12]``; others are left out.

    >>> class State:
    ...     total: Annotated[f8, 3]
    >>> list(cells_of(State))
    [Cell(number=3, name='total', format='<f8', shape=())]
    """
    hints = get_type_hints(row, include_extras=True)
    for name in row.__annotations__:
        parts = getattr(hints[name], "__metadata__", ())
        formats = [part for part in parts if isinstance(part, str)]
        shapes = [part for part in parts if isinstance(part, tuple)]
        numbers = [part for part in parts if isinstance(part, int)]
        if formats and numbers:
            yield Cell(numbers[0], name, formats[-1], shapes[0] if shapes else ())


def row_dtype(cells: Iterable[Cell]) -> np.dtype[np.void]:
    """Return the packed dtype of cells in the order of their numbers, so that a new cell grows the row at its end.

    Raises:
        ValueError: two cells have one number or one name.
    """
    ordered = sorted(cells)
    for unique in ("number", "name"):
        values = [getattr(cell, unique) for cell in ordered]
        if twice := {value for value in values if values.count(value) > 1}:
            raise ValueError(f"row fields share the {unique} {', '.join(map(str, sorted(twice)))}")
    # np.record, not np.void: ``row.field`` then works in plain Python as it does in numba.
    return np.dtype((np.record, [(cell.name, cell.format, cell.shape) for cell in ordered]))


def dtype_of(row: type) -> np.dtype[np.void]:
    """Return the packed dtype of a row class that lives in one process only: its fields in the order of declaration.

    >>> class Point:
    ...     x: f8
    ...     n: i4
    >>> dtype_of(Point).itemsize
    12
    """
    fields = []
    for name, hint in get_type_hints(row, include_extras=True).items():
        fields.append((name, *[part for part in hint.__metadata__ if isinstance(part, str | tuple)][-2:]))
    return np.dtype((np.record, fields))
