"""Claims about the read model: which records become which Redis commands."""

import msgspec
import pytest

from agents.serve.keys import FLAG_RETENTION_MS, MAX_BRAND_FLAGS, MAX_CATEGORY_FLAGS, MAX_CHURNED_FANS, StoreKeys
from agents.serve.read_model import (
    RedisCommand,
    batch_commands,
    flag_commands,
    offset_command,
    score_commands,
    sort_key,
)
from agents.serve.records import FlagUpdate, OutputBatch, ScoreUpdate
from schemas.outputs.records import FanFlag, FanScore, StandingFlag
from schemas.serving import FanList, StoredScore, flag_categories
from schemas.topics import Names
from streams.fans.model import MODEL
from tests.agents.serve.outputs import T0, angry, flag, score
from tests.streams.model.composed import TEST_MODEL

KEYS = StoreKeys(Names("", "eu-", "g"))
CATEGORIES = flag_categories(MODEL.flag_specs)
P = "fanpulse:eu-g:"
NOW = T0 + 500


def score_update(record: FanScore | None, *, erased: bool = False) -> ScoreUpdate:
    return ScoreUpdate(record, msgspec.json.encode(record) if record else b"", NOW, erased)


def flag_update(record: FanFlag, at: int = NOW) -> FlagUpdate:
    return FlagUpdate(record, msgspec.json.encode(record), at)


def stored_score(seq: int, lifecycle: str = "active", flags: int = 0) -> StoredScore:
    return StoredScore(seq, 42.0, lifecycle, [msgspec.Raw(b"{}")] * flags)


def of(commands: list[RedisCommand], name: str, key: str) -> list[RedisCommand]:
    return [command for command in commands if command[:2] == (name, key)]


def test_only_what_is_newer_than_the_stored_seq_is_written() -> None:
    batch = {("miot", fan): score_update(score(fan, 5)) for fan in ("new", "newer", "same", "older")}
    stored = {("miot", fan): stored_score(seq) for fan, seq in (("newer", 4), ("same", 5), ("older", 6))}
    commands, stale = score_commands(KEYS, batch, stored)
    assert stale == 2
    written = next(command for command in commands if command[0] == "MSET")
    assert written[1::2] == (f"{P}fan:miot:new", f"{P}fan:miot:newer")
    assert of(commands, "ZADD", f"{P}top:miot") == [("ZADD", f"{P}top:miot", 42.37, "new", 42.37, "newer")]


def test_nothing_new_writes_nothing() -> None:
    assert score_commands(KEYS, {("miot", "a"): score_update(score("a", 5))}, {("miot", "a"): stored_score(5)}) == (
        [],
        1,
    )


def test_the_record_is_stored_byte_for_byte() -> None:
    record = score("weibo:1")
    commands, _ = score_commands(KEYS, {("miot", "weibo:1"): score_update(record)}, {})
    assert ("MSET", f"{P}fan:miot:weibo:1", msgspec.json.encode(record)) in commands


def test_each_brand_has_its_own_lists_and_is_known_from_then_on() -> None:
    batch = {(brand, "a"): score_update(score("a", brand=brand)) for brand in ("miot", "lumen")}
    commands, _ = score_commands(KEYS, batch, {})
    assert of(commands, "ZADD", f"{P}top:miot")
    assert of(commands, "ZADD", f"{P}top:lumen")
    assert {command[3] for command in of(commands, "ZADD", f"{P}brands")} == {"miot", "lumen"}


@pytest.mark.parametrize(
    ("before", "leaves"),
    [
        (stored_score(4), False),
        (stored_score(4, "returned"), False),
        (stored_score(4, "at_risk"), True),
        (stored_score(4, "churned"), True),
        (stored_score(4, flags=1), True),
    ],
)
def test_a_fan_is_removed_only_from_lists_they_may_be_on(before: StoredScore, leaves: bool) -> None:
    commands, _ = score_commands(KEYS, {("miot", "a"): score_update(score("a", 5))}, {("miot", "a"): before})
    removed = {command[1] for command in commands if command[0] == "ZREM"}
    assert removed == ({KEYS.fans(which, "miot") for which in FanList if which is not FanList.TOP} if leaves else set())


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
def test_the_lifecycle_decides_the_lists_and_the_fan_leaves_all_others(lifecycle: str, on: set[FanList]) -> None:
    commands, _ = score_commands(KEYS, {("miot", "a"): score_update(score("a", lifecycle=lifecycle))}, {})
    for which in FanList:
        key = KEYS.fans(which, "miot")
        assert bool(of(commands, "ZADD", key)) == (which in on)
        assert of(commands, "ZREM", key) == ([] if which in on else [("ZREM", key, "a")])


def test_what_each_list_is_sorted_by() -> None:
    assert sort_key(FanList.TOP, score("a", score=12.5)) == 12.5
    assert sort_key(FanList.AT_RISK, score("a", lifecycle="at_risk", churn_risk=0.91)) == 0.91
    left = [StandingFlag("f", "churn", 1, T0 - 7)]
    assert sort_key(FanList.CHURNED, score("a", lifecycle="churned", flags=left)) == T0 - 7
    assert sort_key(FanList.CHURNED, score("a", lifecycle="churned", last_seen=T0 - 9)) == T0 - 9
    severe, mild = (sort_key(FanList.ANGRY, score("a", flags=angry("f", n))) or 0 for n in (3, 2))
    newer = sort_key(FanList.ANGRY, score("a", flags=angry("f", 2, since=T0 + 1))) or 0
    assert severe > newer > mild


def test_the_churned_list_is_bounded() -> None:
    commands, _ = score_commands(KEYS, {("miot", "a"): score_update(score("a", lifecycle="churned"))}, {})
    assert ("ZREMRANGEBYRANK", f"{P}churned:miot", 0, -MAX_CHURNED_FANS - 1) in commands


def test_an_erased_fan_leaves_every_list_whatever_is_stored() -> None:
    commands, stale = score_commands(
        KEYS, {("miot", "a"): score_update(None, erased=True)}, {("miot", "a"): stored_score(99)}
    )
    assert stale == 0
    assert commands[0] == ("UNLINK", f"{P}fan:miot:a", f"{P}fan-flags:miot:a")
    for which in FanList:
        assert of(commands, "ZREM", KEYS.fans(which, "miot")) == [("ZREM", KEYS.fans(which, "miot"), "a")]
    commands, _ = score_commands(
        KEYS, {("miot", "a"): score_update(score("a", 1), erased=True)}, {("miot", "a"): stored_score(99)}
    )
    assert [command[0] for command in commands[:2]] == ["UNLINK", "MSET"]


@pytest.mark.parametrize(
    ("kind", "state", "category"),
    [
        ("churn", "at_risk", "leaving"),
        ("churn", "churned", "leaving"),
        ("churn", "returned", "back"),
        ("churn", "cleared", "back"),
        ("negative", "raised", "angry"),
        ("negative", "cleared", None),
        ("tier", "core", "tier"),
        ("test-pinged", "pinged", "test-list"),  # declared by the rule of a test alone
        ("test-pinged", "quiet", None),
    ],
)
def test_a_transition_is_listed_under_its_category(kind: str, state: str, category: str | None) -> None:
    record = flag("a", "f1", kind, state)
    commands = flag_commands(KEYS, [flag_update(record)], flag_categories(TEST_MODEL.flag_specs), NOW)
    lists = {command[1] for command in commands if command[0] == "ZADD"}
    assert lists == {
        KEYS.fan_flags("miot", "a"),
        KEYS.flags("miot"),
        *([KEYS.flags("miot", category)] if category else []),
    }
    assert ("SET", f"{P}flag:miot:f1:{state}", msgspec.json.encode(record), "PX", FLAG_RETENTION_MS) in commands


def test_flag_lists_are_bounded() -> None:
    commands = flag_commands(KEYS, [flag_update(flag("a", "f1", "tier", "core"))], CATEGORIES, NOW)
    assert ("ZREMRANGEBYRANK", f"{P}flags:miot", 0, -MAX_BRAND_FLAGS - 1) in commands
    assert ("ZREMRANGEBYRANK", f"{P}flags:miot:tier", 0, -MAX_CATEGORY_FLAGS - 1) in commands


def test_a_flag_expires_as_in_its_topic() -> None:
    record = flag("a", "f1", "tier", "core")
    old = flag_commands(KEYS, [flag_update(record, NOW - FLAG_RETENTION_MS + 7)], CATEGORIES, NOW)
    assert old[0][-2:] == ("PX", 7)
    assert flag_commands(KEYS, [flag_update(record, NOW - FLAG_RETENTION_MS)], CATEGORIES, NOW) == []


def test_known_transitions_are_counted_and_not_written_again() -> None:
    batch = OutputBatch()
    for name in ("f1", "f2"):
        one = flag_update(flag("a", name, "tier", "core"))
        batch.flags["miot", one.member] = one
    commands = batch_commands(KEYS, batch, {}, frozenset({("miot", "f1:core")}), CATEGORIES, NOW)
    assert [command[1] for command in commands if command[0] == "SET"] == [f"{P}flag:miot:f2:core"]
    assert batch.stale == 1


def test_applied_offsets_are_one_command() -> None:
    command = offset_command(KEYS, {"fan-scores:0": 7, "fan-flags:3": 9})
    assert command == ("HSET", f"{P}applied-offsets", "fan-scores:0", 7, "fan-flags:3", 9)
