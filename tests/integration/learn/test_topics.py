"""`fanpulse fit churn --topics`: the history that the input topics hold."""

import json
from pathlib import Path

import msgspec

from streams.trial.population import simulate
from tests.ground.calling import call
from tests.ground.installation import Installation


def test_topics_teach_what_the_file_teaches(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    lines = simulate(600, 150.0, 80.0, seed=2).history().lines
    events = [
        {**msgspec.json.decode(line.value or b""), "topic": ("likes", "reposts")[n % 2]} for n, line in enumerate(lines)
    ]
    file.write_text("\n".join(map(json.dumps, events)))
    installation.create_topics()
    assert call(installation, "load", str(file)).code == 0
    from_file = call(installation, "fit", "churn", str(file), "--json").rows
    assert call(installation, "fit", "churn", "--topics", "--json").rows == from_file
    assert from_file[0]["fans"] == 600


def test_missing_topics_are_told_in_a_sentence(installation: Installation) -> None:
    said = call(installation, "fit", "churn", "--topics")
    assert said.code == 78
    assert "does not exist; `fanpulse topics create` creates it" in said.err
