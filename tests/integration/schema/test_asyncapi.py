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
from tests.ground.node import run

INPUTS = [source.name for source in public(DECLARED)]
HOUSE = Path(__file__).parents[3]
PARSE = Path(__file__).parent / "node" / "parse.mjs"
MISTAKES: dict[str, tuple[Callable[[Any], object], str]] = {
    "a reference to nothing": (
        lambda said: said["channels"]["likes"]["messages"]["Likes"].update({"$ref": "#/components/messages/Nothing"}),
        "Nothing",
    ),
    "an action that is none": (lambda said: said["operations"]["receiveLikes"].update(action="take"), "receiveLikes"),
    "no version": (lambda said: said["info"].pop("version"), "version"),
    "a schema that is none": (
        lambda said: said["components"]["schemas"]["Likes"]["properties"]["event_id"].update(type="text"),
        "event_id",
    ),
}


def parsed(node: Path, path: Path) -> dict[str, Any]:
    done = run(PARSE, node, str(path))
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def test_the_released_document_is_clean_and_says_who_sends_what(node: Path) -> None:
    said = parsed(node, HOUSE / "docs" / "contract" / "asyncapi.json")
    assert said["channels"] == [*INPUTS, *OUTPUTS]
    assert said["operations"] == [f"receive {name}" for name in INPUTS] + [f"send {name}" for name in OUTPUTS]
    assert said["examples"] >= len(INPUTS) + 2
    assert said["diagnostics"] == 0


@pytest.mark.parametrize("mistake", [None, *MISTAKES])
def test_a_mistake_is_seen(node: Path, tmp_path: Path, mistake: str | None) -> None:
    said, path = json.loads(json.dumps(asyncapi(contract(), "1.2.3"))), tmp_path / "asyncapi.json"
    if mistake is None:
        path.write_text(json.dumps(said))
        assert parsed(node, path)["diagnostics"] == 0
        return
    make, words = MISTAKES[mistake]
    make(said)
    path.write_text(json.dumps(said))
    done = run(PARSE, node, str(path))
    assert words in done.stderr, done.stdout + done.stderr
