"""Claims about who rises: points gained since a moment, whatever is read late, again or anew."""

import msgspec

from agents.serve.copy.batch import Fan, Score
from agents.serve.copy.keys import Keys
from agents.serve.copy.projection import Command
from agents.serve.copy.rises import KEPT, STEP_MS, begins, rises
from schemas.outputs import FanScore
from schemas.serving import Stored
from schemas.topics import Names
from tests.integration.serve.outputs import score

KEYS = Keys(Names("", "eu-", "g"))
NOW = 1_732_180_000_000
SINCE, YOUNG = begins(NOW)
A: Fan = ("miot", "a")


def announced(record: FanScore | None, *, erased: bool = False) -> Score:
    return Score(record, msgspec.json.encode(record) if record else b"", NOW, erased)


def told(
    new: FanScore | None, before: Stored | None = None, earlier: float | None = None, *, erased: bool = False
) -> list[Command]:
    """Return what is done to the window that is read."""
    had = {("miot", SINCE): {"a": earlier}} if earlier is not None else {}
    commands = rises(KEYS, {A: announced(new, erased=erased)}, {A: before} if before else {}, had, NOW)
    return [command for command in commands if command[1] == KEYS.risers("miot", SINCE) and command[0][0] == "Z"]


def stored(seq: int, score: float) -> Stored:
    return Stored(seq, score, "active", [])


def gain(commands: list[Command]) -> float | None:
    return float(commands[0][2]) if commands and commands[0][0] == "ZADD" else None


def test_the_window_that_is_read_is_ten_to_twenty_minutes_old() -> None:
    for now in (NOW, NOW + 1, NOW + STEP_MS - 1, NOW + STEP_MS):
        since, young = begins(now)
        assert STEP_MS <= now - since < 2 * STEP_MS
        assert young == since + STEP_MS


def test_gains_add_up_and_losses_take_away() -> None:
    assert gain(told(score("a", 5, score=42.0, as_of=NOW), stored(4, 40.5))) == 1.5
    assert gain(told(score("a", 5, score=42.0, as_of=NOW), stored(4, 40.5), 7.0)) == 8.5
    assert gain(told(score("a", 5, score=40.0, as_of=NOW), stored(4, 42.0), 7.0)) == 5.0


def test_who_lost_it_all_is_no_riser_any_more() -> None:
    assert told(score("a", 5, score=30.0, as_of=NOW), stored(4, 42.0), 7.0) == [
        ("ZREM", KEYS.risers("miot", SINCE), "a")
    ]
    assert told(score("a", 5, score=30.0, as_of=NOW), stored(4, 42.0)) == []


def test_what_is_read_again_changes_nothing() -> None:
    assert gain(told(score("a", 5, score=42.0, as_of=NOW), stored(5, 42.0), 7.0)) == 7.0
    assert told(score("a", 5, score=42.0, as_of=NOW), stored(5, 42.0)) == []


def test_a_history_that_is_loaded_makes_no_risers() -> None:
    assert told(score("a", 5, score=80.0, as_of=SINCE - 1), stored(4, 2.0)) == []


def test_a_newcomer_rises_from_nothing_and_an_unknown_past_is_no_rise() -> None:
    assert gain(told(score("a", 1, score=12.0, first_seen=SINCE, as_of=NOW))) == 12.0
    assert told(score("a", 9, score=80.0, first_seen=SINCE - 1, as_of=NOW)) == []


def test_an_erased_fan_is_gone() -> None:
    assert told(None, stored(4, 42.0), 7.0, erased=True) == [("ZREM", KEYS.risers("miot", SINCE), "a")]


def test_windows_are_bounded_and_end_by_themselves() -> None:
    commands = rises(KEYS, {A: announced(score("a", 5, score=42.0, as_of=NOW))}, {A: stored(4, 2.0)}, {}, NOW)
    for begin in (SINCE, YOUNG):
        key = KEYS.risers("miot", begin)
        assert ("ZREMRANGEBYRANK", key, 0, -KEPT - 1) in commands
        assert ("PEXPIRE", key, begin + 2 * STEP_MS - NOW) in commands
