"""AsyncAPI's own parser takes what we publish, and would not take it with a mistake in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.cli.admin.schema import contract
from schemas.contract.asyncapi import asyncapi
from schemas.inputs import INPUTS as DECLARED
from schemas.inputs.lookup import public
from schemas.topics import OUTPUTS
from tests.support.node import run

INPUTS = [source.name for source in public(DECLARED)]
ROOT = Path(__file__).parents[3]
PARSE = Path(__file__).parent / "node" / "parse.mjs"
MISTAKES: dict[str, tuple[Callable[[Any], object], str]] = {
    "a reference to nothing": (
        lambda result: result["channels"]["likes"]["messages"]["Likes"].update(
            {"$ref": "#/components/messages/Nothing"}
        ),
        "Nothing",
    ),
    "an action that is none": (
        lambda result: result["operations"]["receiveLikes"].update(action="take"),
        "receiveLikes",
    ),
    "no version": (lambda result: result["info"].pop("version"), "version"),
    "a schema that is none": (
        lambda result: result["components"]["schemas"]["Likes"]["properties"]["event_id"].update(type="text"),
        "event_id",
    ),
}


def parsed(node: Path, path: Path) -> dict[str, Any]:
    done = run(PARSE, node, str(path))
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_the_released_document_is_clean_and_says_who_sends_what(node: Path) -> None:
    result = parsed(node, ROOT / "docs" / "contract" / "asyncapi.json")
    assert result["channels"] == [*INPUTS, *OUTPUTS]
    assert result["operations"] == [f"receive {name}" for name in INPUTS] + [f"send {name}" for name in OUTPUTS]
    assert result["examples"] >= len(INPUTS) + 2
    assert result["diagnostics"] == 0


@pytest.mark.parametrize("mistake", [None, *MISTAKES])
def test_a_mistake_is_seen(node: Path, tmp_path: Path, mistake: str | None) -> None:
    result, path = json.loads(json.dumps(asyncapi(contract(), "1.2.3"))), tmp_path / "asyncapi.json"
    if mistake is None:
        path.write_text(json.dumps(result))
        assert parsed(node, path)["diagnostics"] == 0
        return
    make, words = MISTAKES[mistake]
    make(result)
    path.write_text(json.dumps(result))
    done = run(PARSE, node, str(path))
    assert words in done.stderr, done.stdout + done.stderr
