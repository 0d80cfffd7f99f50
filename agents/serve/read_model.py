"""The read model: which Redis commands a batch of output records becomes. Pure functions, no I/O."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from agents.serve.keys import (
    FLAG_RETENTION_MS,
    MAX_BRAND_FLAGS,
    MAX_CATEGORY_FLAGS,
    MAX_CHURNED_FANS,
    MAX_FAN_FLAGS,
    StoreKeys,
)
from agents.serve.records import FanKey, FlagKey, FlagUpdate, OutputBatch, ScoreUpdate
from schemas.outputs.records import FanScore
from schemas.serving import FanList, FlagCategories, StoredScore, angry_sort_key

RedisCommand: TypeAlias = tuple[str | bytes | float, ...]

LISTED_LIFECYCLES = {"at_risk", "churned"}


def batch_commands(
    keys: StoreKeys,
    batch: OutputBatch,
    stored: Mapping[FanKey, StoredScore],
    stored_flags: frozenset[FlagKey],
    categories: FlagCategories,
    now: int,
) -> list[RedisCommand]:
    """Return the commands of a batch, top gainers excepted, and add to ``batch.stale`` what is stored already.

    Args:
        keys: names in Redis.
        batch: what was read.
        stored: the stored records of the batch's fans.
        stored_flags: the transitions of the batch that are stored already.
        categories: of the flags.
        now: epoch ms.
    """
    commands, stale = score_commands(keys, batch.scores, stored)
    new_flags = [flag for key, flag in batch.flags.items() if key not in stored_flags]
    batch.stale += stale + len(batch.flags) - len(new_flags)
    return commands + flag_commands(keys, new_flags, categories, now)


def score_commands(
    keys: StoreKeys, batch: Mapping[FanKey, ScoreUpdate], stored: Mapping[FanKey, StoredScore]
) -> tuple[list[RedisCommand], int]:
    """Return the commands for scores newer than the stored ones, and how many were not.

    There is one command per list and brand, however many fans.
    """
    newer = {fan: update for fan, update in batch.items() if update.erased or _is_newer(update, stored.get(fan))}
    written = {fan: update for fan, update in newer.items() if update.record is not None}
    commands: list[RedisCommand] = []
    if erased := [fan for fan, update in newer.items() if update.erased]:
        commands.append(("UNLINK", *(key for fan in erased for key in (keys.fan(*fan), keys.fan_flags(*fan)))))
    if written:
        commands.append(("MSET", *(part for fan, update in written.items() for part in (keys.fan(*fan), update.raw))))
    by_brand: defaultdict[str, list[tuple[str, ScoreUpdate]]] = defaultdict(list)
    for (brand, fan), update in newer.items():
        by_brand[brand].append((fan, update))
    for brand, fans in by_brand.items():
        listed = [(fan, update) for fan, update in fans if _may_be_listed(update, stored.get((brand, fan)))]
        for which in FanList:
            commands += _list_commands(keys, which, brand, fans if which is FanList.TOP else listed)
        commands.append(("ZADD", keys.brands, max(update.published_at for _, update in fans), brand))
    return commands, len(batch) - len(newer)


def _is_newer(update: ScoreUpdate, stored: StoredScore | None) -> bool:
    return update.record is not None and (stored is None or update.record.seq > stored.seq)


def _may_be_listed(update: ScoreUpdate, stored: StoredScore | None) -> bool:
    """Return whether a fan may be, or have been, on a list other than TOP; most are not, and cost no command."""
    if update.record is None or update.erased or stored is None:
        return True
    return any(state.flags or state.lifecycle in LISTED_LIFECYCLES for state in (update.record, stored))


def _list_commands(
    keys: StoreKeys, which: FanList, brand: str, fans: Iterable[tuple[str, ScoreUpdate]]
) -> Iterable[RedisCommand]:
    key, absent = keys.fans(which, brand), []
    scored: list[float | str] = []
    for fan, update in fans:
        position = None if update.record is None else sort_key(which, update.record)
        if position is None:
            absent.append(fan)
        else:
            scored += [position, fan]
    if scored:
        yield ("ZADD", key, *scored)
    if absent:
        yield ("ZREM", key, *absent)
    if scored and which is FanList.CHURNED:
        yield _trim(key, MAX_CHURNED_FANS)


def sort_key(which: FanList, score: FanScore) -> float | None:
    """Return what a fan is sorted by in a list, or None when they are not on it."""
    match which:
        case FanList.TOP:
            return score.score
        case FanList.AT_RISK:
            return score.churn_risk if score.lifecycle == "at_risk" else None
        case FanList.CHURNED:
            if score.lifecycle != "churned":
                return None
            return max((flag.since for flag in score.flags if flag.kind == "churn"), default=score.last_seen)
        case FanList.ANGRY:
            angry = [angry_sort_key(flag.severity, flag.since) for flag in score.flags if flag.kind == "negative"]
            return max(angry, default=None)


def flag_commands(
    keys: StoreKeys, flags: Iterable[FlagUpdate], categories: FlagCategories, now: int
) -> list[RedisCommand]:
    """Return the commands for new transitions; those past their retention at ``now`` (epoch ms) get none."""
    commands: list[RedisCommand] = []
    newest: defaultdict[tuple[str, str | None], list[float | str]] = defaultdict(list)
    for flag in flags:
        brand, fan = flag.record.brand_id, flag.record.fan_id
        ttl = flag.published_at + FLAG_RETENTION_MS - now
        if ttl <= 0:
            continue
        commands.append(("SET", keys.flag(brand, flag.member), flag.raw, "PX", ttl))
        of_fan = keys.fan_flags(brand, fan)
        commands += [
            ("ZADD", of_fan, flag.published_at, flag.member),
            _trim(of_fan, MAX_FAN_FLAGS),
            ("PEXPIRE", of_fan, ttl),
        ]
        newest[brand, None] += [flag.published_at, flag.member]
        if category := categories.get((flag.record.kind, flag.record.state)):
            newest[brand, category] += [flag.published_at, flag.member]
    for (brand, category), members in newest.items():
        key = keys.flags(brand, category)
        commands += [("ZADD", key, *members), _trim(key, MAX_CATEGORY_FLAGS if category else MAX_BRAND_FLAGS)]
    return commands


def offset_command(keys: StoreKeys, offsets: Mapping[str, int]) -> RedisCommand:
    """Return the command that advances applied offsets, part of the same transaction as the data."""
    return ("HSET", keys.applied_offsets, *(part for name, offset in offsets.items() for part in (name, offset)))


def _trim(key: str, size: int) -> RedisCommand:
    """Return the command that keeps the ``size`` highest members of a sorted set."""
    return ("ZREMRANGEBYRANK", key, 0, -size - 1)
