"""`fanpulse config show`: the settings in force, secrets redacted."""

import click

from agents.cli.output import Row, json_option, show
from agents.settings import Settings, about, read


@click.group()
def config() -> None:
    """Show the settings in force."""


@config.command(name="show", short_help="List every setting, its value and what it is for.")
@json_option
def show_settings(as_json: bool) -> None:
    """List every setting with its value and what it is for; those that are not at their default stand out."""
    settings, default, said = read().shown(), Settings().shown(), about()
    rows = [
        {"name": name, "value": value, "is_default": value == default[name], "about": said[name]}
        for name, value in settings.items()
    ]
    show(rows, {"name": "setting", "value": "value", "about": "what for"}, as_json=as_json, style=_style)


def _style(row: Row) -> str:
    return "" if row["is_default"] else "bold"
