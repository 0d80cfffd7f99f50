"""Claims about top gainers: points gained since a window began, whatever is read late or again."""

import msgspec

from agents.serve.keys import GAIN_STEP_MS, MAX_GAINERS, StoreKeys, open_windows
from agents.serve.read_model import RedisCommand
from agents.serve.records import FanKey, ScoreUpdate
from agents.serve.top_gainers import gain_commands
from schemas.outputs.records import FanScore
from schemas.serving import StoredScore
from schemas.topics import Names
from tests.agents.serve.outputs import score

KEYS = StoreKeys(Names("", "eu-", "g"))
NOW = 1_732_180_000_000
SINCE, NEWEST = open_windows(NOW)
A: FanKey = ("miot", "a")


def score_update(record: FanScore | None, *, erased: bool = False) -> ScoreUpdate:
    return ScoreUpdate(record, msgspec.json.encode(record) if record else b"", NOW, erased)


def changes(
    new: FanScore | None, before: StoredScore | None = None, earlier: float | None = None, *, erased: bool = False
) -> list[RedisCommand]:
    """Return the commands that change the window which queries read."""
    had = {("miot", SINCE): {"a": earlier}} if earlier is not None else {}
    commands = gain_commands(KEYS, {A: score_update(new, erased=erased)}, {A: before} if before else {}, had, NOW)
    return [
        command
        for command in commands
        if command[1] == KEYS.top_gainers("miot", SINCE) and str(command[0]).startswith("Z")
    ]


def stored(seq: int, score: float) -> StoredScore:
    return StoredScore(seq, score, "active", [])


def gain(commands: list[RedisCommand]) -> float | None:
    return float(commands[0][2]) if commands and commands[0][0] == "ZADD" else None


def test_the_window_that_is_read_is_ten_to_twenty_minutes_old() -> None:
    for now in (NOW, NOW + 1, NOW + GAIN_STEP_MS - 1, NOW + GAIN_STEP_MS):
        since, newest = open_windows(now)
        assert GAIN_STEP_MS <= now - since < 2 * GAIN_STEP_MS
        assert newest == since + GAIN_STEP_MS


def test_gains_add_up_and_losses_take_away() -> None:
    assert gain(changes(score("a", 5, score=42.0, as_of=NOW), stored(4, 40.5))) == 1.5
    assert gain(changes(score("a", 5, score=42.0, as_of=NOW), stored(4, 40.5), 7.0)) == 8.5
    assert gain(changes(score("a", 5, score=40.0, as_of=NOW), stored(4, 42.0), 7.0)) == 5.0


def test_a_fan_who_lost_it_all_is_removed() -> None:
    assert changes(score("a", 5, score=30.0, as_of=NOW), stored(4, 42.0), 7.0) == [
        ("ZREM", KEYS.top_gainers("miot", SINCE), "a")
    ]
    assert changes(score("a", 5, score=30.0, as_of=NOW), stored(4, 42.0)) == []


def test_a_record_read_again_changes_nothing() -> None:
    assert gain(changes(score("a", 5, score=42.0, as_of=NOW), stored(5, 42.0), 7.0)) == 7.0
    assert changes(score("a", 5, score=42.0, as_of=NOW), stored(5, 42.0)) == []


def test_loading_a_history_makes_nobody_a_top_gainer() -> None:
    assert changes(score("a", 5, score=80.0, as_of=SINCE - 1), stored(4, 2.0)) == []


def test_a_new_fan_gains_from_zero_and_an_unknown_past_is_no_gain() -> None:
    assert gain(changes(score("a", 1, score=12.0, first_seen=SINCE, as_of=NOW))) == 12.0
    assert changes(score("a", 9, score=80.0, first_seen=SINCE - 1, as_of=NOW)) == []


def test_an_erased_fan_is_gone() -> None:
    assert changes(None, stored(4, 42.0), 7.0, erased=True) == [("ZREM", KEYS.top_gainers("miot", SINCE), "a")]


def test_windows_are_bounded_and_expire() -> None:
    commands = gain_commands(
        KEYS, {A: score_update(score("a", 5, score=42.0, as_of=NOW))}, {A: stored(4, 2.0)}, {}, NOW
    )
    for begin in (SINCE, NEWEST):
        key = KEYS.top_gainers("miot", begin)
        assert ("ZREMRANGEBYRANK", key, 0, -MAX_GAINERS - 1) in commands
        assert ("PEXPIRE", key, begin + 2 * GAIN_STEP_MS - NOW) in commands
