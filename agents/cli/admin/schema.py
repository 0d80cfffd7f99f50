"""`fanpulse schema`: the contract with other teams as files, and whether it breaks the last release's."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import orjson

from agents.cli.output import json_option, show, show_one
from agents.errors import ConfigError, Exit, FanpulseError
from schemas.contract.asyncapi import asyncapi
from schemas.contract.compare import Break, breaks
from schemas.contract.documents import documents
from schemas.contract.schema import Document
from streams.fans.model import MODEL, Model

RELEASED = Path("docs/contract")  # of the checkout
ASYNCAPI, SUFFIX = "asyncapi.json", ".schema.json"

DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.group()
def schema() -> None:
    """Write the contract for other services, or check it against the last release."""


@schema.command(short_help="Write AsyncAPI and a JSON Schema per topic.")
@click.option("--out", type=DIRECTORY, help="Directory to write to. Without it, AsyncAPI goes to standard output.")
@click.option("--allow-breaks", is_flag=True, help="Replace files that the new ones break.")
@json_option
def export(out: Path | None, allow_breaks: bool, as_json: bool) -> None:
    """Write an AsyncAPI 3 document, and a JSON Schema per topic, made from the types that the program itself uses.

    If the new files would break those of an earlier release, nothing is written: each break is printed, exit code 1.
    """
    new = contract()
    whole = asyncapi(new, version("fanpulse"))
    if out is None:
        click.echo(_pretty(whole), nl=False)
        return
    if not allow_breaks and _holds_release(out) and (found := breaks(read(out), new)):
        _show(found)
        raise FanpulseError(f"{out} is unchanged; once every reader can cope with this, --allow-breaks replaces it")
    files = {ASYNCAPI: whole, **{name + SUFFIX: document for name, document in new.items()}}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, document in files.items():
            (out / name).write_bytes(_pretty(document))
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from None
    rows = [
        {"file": str(out / name), "about": document.get("description") or "all topics"}
        for name, document in files.items()
    ]
    show(rows, {"file": "written", "about": "what it describes"}, as_json=as_json)


@schema.command(short_help="Compare with the files of the last release.")
@click.argument("directory", type=DIRECTORY, default=RELEASED)
@json_option
def check(directory: Path, as_json: bool) -> None:
    """Compare with the last release's files in DIRECTORY (default: docs/contract): a line for each break.

    Inputs may only accept more and outputs only promise more, or services built for the last release fail. Exit code 1
    if something breaks.
    """
    old, new = read(directory), contract()
    found = breaks(old, new)
    if as_json:
        show_one({"ok": not found, "topics": len(old), "breaks": [one._asdict() for one in found]}, as_json=True)
    elif found:
        _show(found)
    else:
        click.echo(f"nothing breaks: all {len(old)} topics of {directory} are unchanged or only extended")
    if found:
        sys.exit(Exit.FAILED)


def contract(model: Model = MODEL) -> dict[str, Document]:
    """Return the documents of what a program with these inputs and rules reads and writes."""
    return documents(model.inputs, model.flag_specs, [one.field for one in model.published])


def read(directory: Path) -> dict[str, Document]:
    """Return the topics' documents of a directory.

    Raises:
        ConfigError: there are none, or one cannot be read.
    """
    if not _holds_release(directory):
        raise ConfigError(f"{directory} contains no *{SUFFIX}: name the directory with the files of the last release")
    found: dict[str, Document] = {}
    for path in sorted(directory.glob("*" + SUFFIX)):
        try:
            document: Any = orjson.loads(path.read_bytes())
            document["x-topic"]["direction"]
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError):
            raise ConfigError(f"{path} is not a file that `fanpulse schema export` wrote") from None
        found[path.name.removesuffix(SUFFIX)] = document
    return found


def _holds_release(directory: Path) -> bool:
    return any(directory.glob("*" + SUFFIX))


def _show(found: list[Break]) -> None:
    show(
        [one._asdict() for one in found], {"topic": "topic", "field": "field", "message": "what breaks"}, as_json=False
    )


def _pretty(document: Document) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
