"""`fanpulse schema`: files are written, compared, and not replaced by ones that break them."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents.cli.admin.schema import schema
from agents.errors import ConfigError, FanpulseError
from schemas.inputs import INPUTS
from schemas.inputs.lookup import public
from schemas.topics import OUTPUTS

TOPICS = (*(source.name for source in public(INPUTS)), *OUTPUTS)
RELEASED = Path(__file__).parents[3] / "docs" / "contract"


def call(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(schema, words, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def edited(directory: Path, topic: str, **changes: Any) -> None:
    """Make the last release say otherwise; a change is a dotted place and its value, None takes it out."""
    path = directory / f"{topic}.schema.json"
    result = json.loads(path.read_bytes())
    for place, value in changes.items():
        *way, last = place.split("__")
        at = result
        for word in way:
            at = at[word]
        if value is None:
            del at[last]
        else:
            at[last] = value
    path.write_text(json.dumps(result))


@pytest.fixture
def released(tmp_path: Path) -> Path:
    call("export", "--out", str(tmp_path / "contract"))
    return tmp_path / "contract"


def test_nothing_breaks_what_was_released_last() -> None:
    """The check that CI makes: docs/contract is the last release's."""
    released = len(list(RELEASED.glob("*.schema.json")))
    result = call("check", str(RELEASED), "--json")
    assert json.loads(result.output) == {"ok": True, "topics": released, "breaks": []}


def test_the_released_files_are_those_of_this_version() -> None:
    result = json.loads((RELEASED / "asyncapi.json").read_bytes())
    assert result["info"]["version"] == version("fanpulse"), "a new version: fanpulse schema export --out docs/contract"


def test_a_file_per_topic_and_one_for_all_are_written(released: Path) -> None:
    names = {f"{topic}.schema.json" for topic in TOPICS} | {"asyncapi.json"}
    assert {path.name for path in released.iterdir()} == names
    assert json.loads(call("export").output) == json.loads((released / "asyncapi.json").read_bytes())
    rows = json.loads(call("export", "--out", str(released), "--json").output)
    assert {Path(row["file"]).name for row in rows} == names


BREAKS: dict[str, tuple[str, dict[str, object], str, str]] = {
    "an input's field is gone": ("likes", {"properties__spot": {"type": "string"}}, "spot", "is gone"),
    "an input's field became required": (
        "purchases",
        {"required": ["event_id", "brand_id", "fan_id", "platform", "event_time", "amount_minor", "order_id"]},
        "currency",
        "must now be there",
    ),
    "an input takes fewer choices": (
        "reposts",
        {"properties__type": {"enum": ["repost", "show", "quote"], "default": "repost"}},
        "type",
        'may no longer be "quote"',
    ),
    "an input is shorter": ("comments", {"properties__platform__maxLength": 80}, "platform", "was 80 and is 64"),
    "an output says something new": (
        "fan-scores",
        {"properties__tier__enum": ["passer-by", "fan", "active"]},
        "tier",
        'can now be "core"',
    ),
    "an output lost a field": ("fan-flags", {"properties__mood": {"type": "number"}}, "mood", "is gone"),
    "an output is wider": ("fan-scores", {"properties__churn_risk__maximum": 0.5}, "churn_risk", "was 0.5 and is 1"),
    "an output within an output": (
        "fan-scores",
        {"$defs__Parts__properties__talk__type": "integer"},
        "parts.talk",
        "can now be of type number",
    ),
}


@pytest.mark.parametrize("change", BREAKS)
def test_a_break_is_one_line_and_an_exit_code(released: Path, change: str) -> None:
    topic, changes, field, words = BREAKS[change]
    edited(released, topic, **changes)
    (line,) = json.loads(call("check", str(released), "--json", code=1).output)["breaks"]
    assert (line["topic"], line["field"]) == (topic, field)
    assert words in line["message"]
    heading, row = call("check", str(released), code=1).output.splitlines()
    assert heading.split() == ["topic", "field", "what", "breaks"]
    assert row.split()[:2] == [topic, field]


def test_what_was_added_since_is_no_break(released: Path) -> None:
    edited(released, "likes", properties__source=None)
    edited(released, "fan-scores", properties__seq=None)
    (released / "purchases.schema.json").unlink()  # a topic that the last release did not have
    assert f"all {len(TOPICS) - 1} topics" in call("check", str(released)).output
    call("export", "--out", str(released))
    assert f"all {len(TOPICS)} topics" in call("check", str(released)).output


def test_files_that_would_break_are_replaced_only_when_told_to(released: Path) -> None:
    edited(released, "fan-flags", properties__mood={"type": "number"})
    before = (released / "fan-flags.schema.json").read_bytes()
    with pytest.raises(FanpulseError, match="--allow-breaks"):
        call("export", "--out", str(released))
    assert (released / "fan-flags.schema.json").read_bytes() == before
    call("export", "--out", str(released), "--allow-breaks")
    call("check", str(released))


def test_a_directory_without_a_release_is_named(tmp_path: Path, released: Path) -> None:
    with pytest.raises(ConfigError, match=str(tmp_path)):
        call("check", str(tmp_path))
    (released / "likes.schema.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"likes\.schema\.json is not a file"):
        call("check", str(released))
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        call("export", "--out", str(tmp_path / "file" / "below"))
