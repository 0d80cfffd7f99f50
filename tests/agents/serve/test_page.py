"""Claims about the page's files: their texts, and the types that they take for what the server sends.

`make page` runs the modules' own tests, in tests/agents/serve/page.
"""

import re

import pytest
from msgspec import Struct
from msgspec.structs import fields

from agents.serve.app import PAGE
from agents.serve.page_model import Declared, Status
from agents.serve.traffic import TrafficPoint
from schemas.outputs.records import Evidence, FanScore, SentimentView, StandingFlag
from schemas.serving import BrandRow, FanRow, FlagRow, GainerRow

MAX_COLUMNS = 120
TYPES = (PAGE / "types.d.ts").read_text(encoding="utf-8")
NOT_READ = {"schema", "brand_id", "fan_id", "model_version", "as_of", "seq"}  # of a score, by the page


def test_every_text_that_is_named_exists_and_every_text_is_named() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PAGE.iterdir() if path.suffix in {".js", ".html"})
    code = re.sub(r"export const (EN|ZH) = \{.*?\n\};", "", source, flags=re.DOTALL)
    english = set(re.findall(r"^  (\w+):", (PAGE / "en.js").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:texts\(\)|\bwords)\.(?!js\b)(\w+)", code)) | set(
        re.findall(r'data-(?:text|label)="(\w+)"', code)
    )
    assert named <= english, named - english
    looked_up = {"connecting", "reconnecting", "median", "p95"}
    looked_up |= {"waitingNow", "unitRate", "unitWait", "unitLag", "paused"}  # by a name in a value
    looked_up |= {f"{chart}Title" for chart in ("traffic", "wait", "lag")}
    assert english - named <= looked_up, english - named - looked_up


def fields_of(interface: str) -> set[str]:
    """The fields that types.d.ts gives an interface, those of the one it extends included."""
    found = re.search(rf"interface {interface}(?: extends (\w+))? {{(.*?)\n}}", TYPES, re.DOTALL)
    assert found, interface
    inherited = fields_of(found[1]) if found[1] else set()
    return inherited | set(re.findall(r"^  (\w+):", found[2], re.MULTILINE))


@pytest.mark.parametrize(
    "struct",
    [BrandRow, Declared, Evidence, FanRow, FlagRow, GainerRow, SentimentView, StandingFlag, Status, TrafficPoint],
)
def test_the_page_knows_the_fields_that_the_server_sends(struct: type[Struct]) -> None:
    assert fields_of(struct.__name__) == {field.encode_name for field in fields(struct)}


def test_the_page_knows_the_fields_of_a_score() -> None:
    assert fields_of("FanScore") == {field.encode_name for field in fields(FanScore)} - NOT_READ


def test_no_line_is_too_long_to_read() -> None:
    for path in PAGE.iterdir():
        if path.suffix in {".js", ".ts", ".css", ".html"}:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                assert len(line) <= MAX_COLUMNS, f"{path.name}:{number}"
