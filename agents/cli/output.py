"""The one way to print: a table for people, JSON for programs, from the same rows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

TableRow = Mapping[str, Any]
ColumnStyle = Callable[[TableRow], str]

UNBOUNDED = 500  # columns of a pipe or file: there a row stays one line, whatever it holds

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def show(
    rows: Sequence[TableRow], columns: Mapping[str, str], *, as_json: bool, style: ColumnStyle | None = None
) -> None:
    """Print rows as a table, or all their fields as one JSON array.

    ``columns`` maps the fields that the table has to their headings, in order; JSON ignores it. ``style`` gives a
    row's rich style (``"red"``), used on terminals only. Numbers stand right; None is an empty cell, a float has two
    decimals. Text is printed as it is: neither rich's markup nor control characters in an id have an effect.

        show(fans, {"fan_id": "fan", "score": "score"}, as_json=as_json)
    """
    if as_json:
        click.echo(orjson.dumps(list(rows), option=orjson.OPT_INDENT_2))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for field, heading in columns.items():
        right = any(_is_number(row.get(field)) for row in rows)
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(row.get(field)) for field in columns), style=style(row) if style else None)
    console().print(table)


def show_one(row: TableRow, *, as_json: bool) -> None:
    """Print one thing: a line per field, or one JSON object."""
    if as_json:
        click.echo(orjson.dumps(row, option=orjson.OPT_INDENT_2))
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    for field, value in row.items():
        grid.add_row(Text(field, "bold"), cell(value))
    console().print(grid)


def json_line(row: TableRow) -> None:
    """Print one JSON object on one line, at once: for commands that follow something."""
    click.echo(orjson.dumps(row))


def console() -> Console:
    """Return a console on the present standard output; no colour and no wrapping when it is not a terminal."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=UNBOUNDED)


def cell(value: Any) -> Text:
    r"""Return a value as a table shows it.

    >>> cell(0.5), cell(None), cell("[red]a\x1b[2J")
    (<text '0.50' [] ''>, <text '' [] ''>, <text '[red]a·[2J' [] ''>)
    """
    if value is None:
        return Text("")
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    # An id is written by strangers: an escape code in it could rewrite the screen.
    return Text("".join(char if char.isprintable() else "·" for char in text))


def moment(ms: int) -> str:
    """Return a moment for people, in UTC.

    >>> moment(1732180000000)
    '2024-11-21 09:06:40Z'
    """
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
