"""Questions about a list of inputs."""

from collections.abc import Iterable, Iterator

from schemas.inputs.declaration import Input, Kind
from schemas.row import Cell

COUNT_FORMAT, CAP_FORMATS = "<i4", ("<i2", "<u1")


def public(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Return the inputs that producers write to."""
    return tuple(one for one in inputs if not one.is_internal)


def kinds(inputs: Iterable[Input]) -> list[Kind]:
    """Return the types of event of all inputs in the order of their numbers.

    Raises:
        ValueError: two inputs or two kinds share a number or a name, or a kind's name is no identifier.
    """
    listed = list(inputs)
    found = sorted((kind for one in listed for kind in one.kinds), key=lambda kind: kind.number)
    for what, values in (
        ("input number", [one.number for one in listed]),
        ("input name", [one.name for one in listed]),
        ("kind number", [kind.number for kind in found]),
        ("kind name", [kind.name for kind in found]),
    ):
        if len(set(values)) < len(values):
            raise ValueError(f"two inputs share one {what}: {sorted(map(str, values))}")
    if wrong := [kind.name for kind in found if not kind.name.isidentifier()]:
        raise ValueError(f"names of kinds are names of parameters too, but {wrong[0]!r} is no identifier")
    return found


def cells(kind: Kind) -> Iterator[Cell]:
    """Yield the row cells of a kind: how many of its events counted, and its daily cap where it has one.

    >>> [cell.name for cell in cells(Kind(0, "like", 1, 1.0, 36, (37, 38)))]
    ['count_like', 'cap_day_like', 'cap_count_like']
    """
    yield Cell(kind.count_cell, f"count_{kind.name}", COUNT_FORMAT)
    if kind.cap_cells is not None:
        yield Cell(kind.cap_cells[0], f"cap_day_{kind.name}", CAP_FORMATS[0])
        yield Cell(kind.cap_cells[1], f"cap_count_{kind.name}", CAP_FORMATS[1])
