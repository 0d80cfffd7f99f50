"""A batch becomes Redis commands: the whole of what is written where, as pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from agents.serve.copy.batch import Batch, Fan, Flag, Score
from agents.serve.copy.keys import CHURNED_FANS, FAN_FLAGS, FLAG_LIFE_MS, NEWEST_FLAGS, SHELF_FLAGS, Keys
from schemas.outputs import FanFlag, FanScore
from schemas.serving import FanList, Shelf, Stored, angry_rank

Command: TypeAlias = tuple[str | bytes | float, ...]

LISTED = {"at_risk", "churned"}  # states of the lifecycle that have a list


def scores(keys: Keys, batch: Mapping[Fan, Score], stored: Mapping[Fan, Stored]) -> tuple[list[Command], int]:
    """Return the commands for scores that are newer than what is stored, and how many were not.

    ``stored`` holds what the copy says of the fans it has. One command per list and brand, however many fans.
    """
    newer = {fan: score for fan, score in batch.items() if score.erased or _is_newer(score.record, stored.get(fan))}
    kept = {fan: score for fan, score in newer.items() if score.record is not None}
    commands: list[Command] = []
    if void := [fan for fan, score in newer.items() if score.erased]:
        commands.append(("UNLINK", *(key for fan in void for key in (keys.fan(*fan), keys.fan_flags(*fan)))))
    if kept:
        commands.append(("MSET", *(part for fan, score in kept.items() for part in (keys.fan(*fan), score.raw))))
    by_brand: defaultdict[str, list[tuple[str, Score]]] = defaultdict(list)
    for (brand, fan), score in newer.items():
        by_brand[brand].append((fan, score))
    for brand, fans in by_brand.items():
        listed = [(fan, score) for fan, score in fans if _may_be_listed(score, stored.get((brand, fan)))]
        for which in FanList:
            commands += _list(keys, which, brand, fans if which is FanList.TOP else listed)
        commands.append(("ZADD", keys.brands, max(score.announced for _, score in fans), brand))
    return commands, len(batch) - len(newer)


def _is_newer(score: FanScore | None, stored: Stored | None) -> bool:
    return score is not None and (stored is None or score.seq > stored.seq)


def _may_be_listed(new: Score, stored: Stored | None) -> bool:
    """Return whether a fan may be, or have been, on a list beside the one of all; most are not, and cost nothing."""
    if new.record is None or new.erased or stored is None:
        return True
    return any(one.flags or one.lifecycle in LISTED for one in (new.record, stored))


def _list(keys: Keys, which: FanList, brand: str, fans: Iterable[tuple[str, Score]]) -> Iterable[Command]:
    key, absent = keys.fans(which, brand), []
    places: list[float | str] = []
    for fan, score in fans:
        place = None if score.record is None else place_of(which, score.record)
        if place is None:
            absent.append(fan)
        else:
            places += [place, fan]
    if places:
        yield ("ZADD", key, *places)
    if absent:
        yield ("ZREM", key, *absent)
    if places and which is FanList.CHURNED:
        yield _trim(key, CHURNED_FANS)


def place_of(which: FanList, score: FanScore) -> float | None:
    """Return what a fan is sorted by in a list, or None when he is not on it."""
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
            angry = [angry_rank(flag.severity, flag.since) for flag in score.flags if flag.kind == "negative"]
            return max(angry, default=None)


def flags(keys: Keys, batch: Iterable[Flag], now: int) -> list[Command]:
    """Return the commands for transitions that are not stored yet; ``now`` in ms ends the life of old ones."""
    commands: list[Command] = []
    newest: defaultdict[tuple[str, Shelf | None], list[float | str]] = defaultdict(list)
    for flag in batch:
        brand, fan = flag.record.brand_id, flag.record.fan_id
        life = flag.announced + FLAG_LIFE_MS - now
        if life <= 0:
            continue
        commands.append(("SET", keys.flag(brand, flag.member), flag.raw, "PX", life))
        own = keys.fan_flags(brand, fan)
        commands += [("ZADD", own, flag.announced, flag.member), _trim(own, FAN_FLAGS), ("PEXPIRE", own, life)]
        newest[brand, None] += [flag.announced, flag.member]
        if shelf := shelf_of(flag.record):
            newest[brand, shelf] += [flag.announced, flag.member]
    for (brand, on), members in newest.items():
        key = keys.flags(brand, on)
        commands += [("ZADD", key, *members), _trim(key, SHELF_FLAGS if on else NEWEST_FLAGS)]
    return commands


def shelf_of(flag: FanFlag) -> Shelf | None:
    """Return the list that a transition is shown in; None: only among all flags."""
    match flag.kind, flag.state:
        case "churn", "at_risk" | "churned":
            return Shelf.LEAVING
        case "churn", "returned" | "cleared":
            return Shelf.BACK
        case "negative", "raised":
            return Shelf.ANGRY
        case "tier", _:
            return Shelf.TIER
        case _:
            return None


def positions(keys: Keys, offsets: Mapping[str, int]) -> list[Command]:
    """Return the command that moves positions, part of the same transaction as the data."""
    return [("HSET", keys.positions, *(part for place, at in offsets.items() for part in (place, at)))]


def project(
    keys: Keys, batch: Batch, stored: Mapping[Fan, Stored], known: frozenset[tuple[str, str]], now: int
) -> list[Command]:
    """Return all commands of a batch and count in it what is not new; ``known`` are transitions already stored."""
    commands, stale = scores(keys, batch.scores, stored)
    fresh = [flag for place, flag in batch.flags.items() if place not in known]
    batch.stale += stale + len(batch.flags) - len(fresh)
    return commands + flags(keys, fresh, now)


def _trim(key: str, most: int) -> Command:
    return ("ZREMRANGEBYRANK", key, 0, -most - 1)
