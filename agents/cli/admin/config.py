"""`fanpulse config show`: the settings as this process reads them, secrets redacted."""

import click

from agents.cli.output import TableRow, json_option, show
from agents.settings import Settings, about, read


@click.group()
def config() -> None:
    """Show all settings and their values."""


@config.command(name="show", short_help="List every setting with its value and meaning.")
@json_option
def show_settings(as_json: bool) -> None:
    """List every setting with its value and meaning; those that differ from their default are bold."""
    settings, default, meanings = read().shown(), Settings().shown(), about()
    rows = [
        {"name": name, "value": value, "is_default": value == default[name], "about": meanings[name]}
        for name, value in settings.items()
    ]
    show(rows, {"name": "setting", "value": "value", "about": "meaning"}, as_json=as_json, style=_style)


def _style(row: TableRow) -> str:
    return "" if row["is_default"] else "bold"
