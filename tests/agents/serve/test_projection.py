"""Claims about the projection: which records become which Redis commands."""

import msgspec
import pytest

from agents.serve.copy.batch import Batch, Flag, Score
from agents.serve.copy.keys import CHURNED_FANS, FLAG_LIFE_MS, NEWEST_FLAGS, SHELF_FLAGS, Keys
from agents.serve.copy.projection import Command, flags, place_of, positions, project, scores, shelf_of
from schemas.outputs import FanFlag, FanScore, FlagKind, StandingFlag
from schemas.serving import FanList, Shelf, Stored
from schemas.topics import Names
from tests.integration.serve.outputs import T0, angry, flag, score

KEYS = Keys(Names("", "eu-", "g"))
P = "fanpulse:eu-g:"
NOW = T0 + 500


def announced(record: FanScore | None, *, erased: bool = False) -> Score:
    return Score(record, msgspec.json.encode(record) if record else b"", NOW, erased)


def told(record: FanFlag, at: int = NOW) -> Flag:
    return Flag(record, msgspec.json.encode(record), at)


def kept(seq: int, lifecycle: str = "active", flags: int = 0) -> Stored:
    return Stored(seq, 42.0, lifecycle, [msgspec.Raw(b"{}")] * flags)


def of(commands: list[Command], name: str, key: str) -> list[Command]:
    return [command for command in commands if command[:2] == (name, key)]


def test_only_what_is_newer_than_the_stored_seq_is_written() -> None:
    batch = {("miot", fan): announced(score(fan, 5)) for fan in ("new", "newer", "same", "older")}
    stored = {("miot", fan): kept(seq) for fan, seq in (("newer", 4), ("same", 5), ("older", 6))}
    commands, stale = scores(KEYS, batch, stored)
    assert stale == 2
    written = next(command for command in commands if command[0] == "MSET")
    assert written[1::2] == (f"{P}fan:miot:new", f"{P}fan:miot:newer")
    assert of(commands, "ZADD", f"{P}top:miot") == [("ZADD", f"{P}top:miot", 42.37, "new", 42.37, "newer")]


def test_nothing_new_writes_nothing() -> None:
    assert scores(KEYS, {("miot", "a"): announced(score("a", 5))}, {("miot", "a"): kept(5)}) == ([], 1)


def test_the_record_is_stored_as_it_was_announced() -> None:
    record = score("weibo:1")
    commands, _ = scores(KEYS, {("miot", "weibo:1"): announced(record)}, {})
    assert ("MSET", f"{P}fan:miot:weibo:1", msgspec.json.encode(record)) in commands


def test_each_brand_has_its_own_lists_and_is_known_from_then_on() -> None:
    batch = {(brand, "a"): announced(score("a", brand=brand)) for brand in ("miot", "lumen")}
    commands, _ = scores(KEYS, batch, {})
    assert of(commands, "ZADD", f"{P}top:miot")
    assert of(commands, "ZADD", f"{P}top:lumen")
    assert {command[3] for command in of(commands, "ZADD", f"{P}brands")} == {"miot", "lumen"}


@pytest.mark.parametrize(
    ("before", "leaves"),
    [
        (kept(4), False),
        (kept(4, "returned"), False),
        (kept(4, "at_risk"), True),
        (kept(4, "churned"), True),
        (kept(4, flags=1), True),
    ],
)
def test_who_was_on_no_other_list_is_taken_from_none(before: Stored, leaves: bool) -> None:
    commands, _ = scores(KEYS, {("miot", "a"): announced(score("a", 5))}, {("miot", "a"): before})
    gone = {command[1] for command in commands if command[0] == "ZREM"}
    assert gone == ({KEYS.fans(which, "miot") for which in FanList if which is not FanList.TOP} if leaves else set())


@pytest.mark.parametrize(
    ("lifecycle", "on"),
    [
        ("new", {FanList.TOP}),
        ("active", {FanList.TOP}),
        ("returned", {FanList.TOP}),
        ("at_risk", {FanList.TOP, FanList.AT_RISK}),
        ("churned", {FanList.TOP, FanList.CHURNED}),
    ],
)
def test_the_lifecycle_decides_the_lists_and_leaves_no_fan_behind(lifecycle: str, on: set[FanList]) -> None:
    commands, _ = scores(KEYS, {("miot", "a"): announced(score("a", lifecycle=lifecycle))}, {})
    for which in FanList:
        key = KEYS.fans(which, "miot")
        assert bool(of(commands, "ZADD", key)) == (which in on)
        assert of(commands, "ZREM", key) == ([] if which in on else [("ZREM", key, "a")])


def test_what_each_list_is_sorted_by() -> None:
    assert place_of(FanList.TOP, score("a", score=12.5)) == 12.5
    assert place_of(FanList.AT_RISK, score("a", lifecycle="at_risk", churn_risk=0.91)) == 0.91
    left = [StandingFlag("f", "churn", 1, T0 - 7)]
    assert place_of(FanList.CHURNED, score("a", lifecycle="churned", flags=left)) == T0 - 7
    assert place_of(FanList.CHURNED, score("a", lifecycle="churned", last_seen=T0 - 9)) == T0 - 9
    grave, mild = (place_of(FanList.ANGRY, score("a", flags=angry("f", n))) or 0 for n in (3, 2))
    newer = place_of(FanList.ANGRY, score("a", flags=angry("f", 2, since=T0 + 1))) or 0
    assert grave > newer > mild


def test_the_churned_list_is_bounded() -> None:
    commands, _ = scores(KEYS, {("miot", "a"): announced(score("a", lifecycle="churned"))}, {})
    assert ("ZREMRANGEBYRANK", f"{P}churned:miot", 0, -CHURNED_FANS - 1) in commands


def test_an_erased_fan_leaves_every_list_whatever_is_stored() -> None:
    commands, stale = scores(KEYS, {("miot", "a"): announced(None, erased=True)}, {("miot", "a"): 99})
    assert stale == 0
    assert commands[0] == ("UNLINK", f"{P}fan:miot:a", f"{P}fan-flags:miot:a")
    for which in FanList:
        assert of(commands, "ZREM", KEYS.fans(which, "miot")) == [("ZREM", KEYS.fans(which, "miot"), "a")]
    commands, _ = scores(KEYS, {("miot", "a"): announced(score("a", 1), erased=True)}, {("miot", "a"): 99})
    assert [command[0] for command in commands[:2]] == ["UNLINK", "MSET"]


@pytest.mark.parametrize(
    ("kind", "state", "shelf"),
    [
        ("churn", "at_risk", Shelf.LEAVING),
        ("churn", "churned", Shelf.LEAVING),
        ("churn", "returned", Shelf.BACK),
        ("churn", "cleared", Shelf.BACK),
        ("negative", "raised", Shelf.ANGRY),
        ("negative", "cleared", None),
        ("tier", "core", Shelf.TIER),
    ],
)
def test_a_transition_stands_where_people_look_for_it(kind: FlagKind, state: str, shelf: Shelf | None) -> None:
    record = flag("a", "f1", kind, state)
    assert shelf_of(record) is shelf
    commands = flags(KEYS, [told(record)], NOW)
    lists = {command[1] for command in commands if command[0] == "ZADD"}
    assert lists == {KEYS.fan_flags("miot", "a"), KEYS.flags("miot"), *([KEYS.flags("miot", shelf)] if shelf else [])}
    assert ("SET", f"{P}flag:miot:f1:{state}", msgspec.json.encode(record), "PX", FLAG_LIFE_MS) in commands


def test_flag_lists_are_bounded() -> None:
    commands = flags(KEYS, [told(flag("a", "f1", "tier", "core"))], NOW)
    assert ("ZREMRANGEBYRANK", f"{P}flags:miot", 0, -NEWEST_FLAGS - 1) in commands
    assert ("ZREMRANGEBYRANK", f"{P}flags:miot:tier", 0, -SHELF_FLAGS - 1) in commands


def test_a_flag_lives_as_long_as_in_its_topic() -> None:
    record = flag("a", "f1", "tier", "core")
    old = flags(KEYS, [told(record, NOW - FLAG_LIFE_MS + 7)], NOW)
    assert old[0][-2:] == ("PX", 7)
    assert flags(KEYS, [told(record, NOW - FLAG_LIFE_MS)], NOW) == []


def test_known_transitions_are_counted_and_not_written_again() -> None:
    batch = Batch()
    for name in ("f1", "f2"):
        one = told(flag("a", name, "tier", "core"))
        batch.flags["miot", one.member] = one
    commands = project(KEYS, batch, {}, frozenset({("miot", "f1:core")}), NOW)
    assert [command[1] for command in commands if command[0] == "SET"] == [f"{P}flag:miot:f2:core"]
    assert batch.stale == 1


def test_positions_are_one_command() -> None:
    assert positions(KEYS, {"fan-scores:0": 7, "fan-flags:3": 9}) == [
        ("HSET", f"{P}positions", "fan-scores:0", 7, "fan-flags:3", 9)
    ]
