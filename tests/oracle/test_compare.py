"""The comparison finds what it is there to find."""

from typing import Any

import pytest

from tests.integration.oracle.compare import broken_chains, differences
from tests.integration.oracle.replay import replay
from tests.oracle.histories import START_MS, act

PUBLISHED = replay([act("like", 0), act("like", 0), act("comment", 0, sentiment=0.25)]).fans
RIGHT: dict[str, Any] = {
    "score": 7.51,
    "parts": {"talk": 0.188, "share": 0.0, "influence": 0.0, "relevance": 1.0, "authenticity": 1.0},
    "tier": "passer-by",
    "sentiment": {"mean": 0.25, "n": 1},
    "counts": {"like": 2, "comment": 1},
    "first_seen": START_MS,
    "last_seen": START_MS,
    "as_of": START_MS,
}


def test_the_right_view_has_no_difference() -> None:
    assert differences({"miot:f": RIGHT}, PUBLISHED) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"score": 7.54},
        {"parts": RIGHT["parts"] | {"talk": 0.19}},
        {"tier": "fan"},
        {"sentiment": {"mean": 0.25, "n": 2}},
        {"counts": {"like": 3, "comment": 1}},
        {"first_seen": 0},
        {"as_of": START_MS - 1},
        {"as_of": START_MS + 864_000_000},
    ],
    ids="-".join,
)
def test_a_wrong_field_is_found(wrong: dict[str, Any]) -> None:
    assert differences({"miot:f": RIGHT | wrong}, PUBLISHED)


def test_missing_and_invented_fans_are_found() -> None:
    assert differences({}, PUBLISHED) == ["miot:f: not published"]
    assert differences({"miot:f": RIGHT, "miot:g": RIGHT}, PUBLISHED) == ["miot:g: published, but nobody did anything"]


def test_fans_in_doubt_are_held_to_their_counts() -> None:
    assert differences({"miot:f": RIGHT | {"score": 1.0}}, PUBLISHED, unsure={"miot:f"}) == []
    assert differences({"miot:f": RIGHT | {"counts": {}}}, PUBLISHED, unsure={"miot:f"})


def step(before: str, after: str) -> dict[str, Any]:
    return {"brand_id": "miot", "fan_id": "f", "kind": "tier", "from": before, "state": after}


def test_a_lost_and_a_doubled_flag_break_the_chain() -> None:
    up, top, view = step("passer-by", "fan"), step("fan", "active"), {"miot:f": {"tier": "active"}}
    assert broken_chains([up, top], view) == []
    assert broken_chains([top], view)
    assert broken_chains([up], view)
    assert broken_chains([up, up, top], view)
