"""Rows and turns become the records that readers get."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from agents.transport.writer import Out
from schemas.events import Act, Credit
from schemas.fan import Life
from schemas.layout import Ints, Rows
from schemas.outputs import Evidence, FanFlag, FlagKind, StandingFlag
from streams.columns import Flag, Reason
from streams.json_scores import LIVES, TIERS, json_scores
from streams.table import Table

SCHEMA = 1
NO_FLAGS = b'"flags":[],'  # no id can hold it: its quotes would be escaped
REASONS = [reason.name.lower() for reason in Reason]
KINDS: dict[Flag, FlagKind] = {Flag.TIER: "tier", Flag.CHURN: "churn", Flag.NEGATIVE: "negative"}
STATES = {
    Flag.TIER: TIERS,
    Flag.CHURN: ["cleared", "cleared", "at_risk", "churned", "returned"],
    Flag.NEGATIVE: ["cleared", "raised"],
}
BEFORE = {**STATES, Flag.CHURN: LIVES}

encode = msgspec.json.Encoder().encode


def flag_id(key: bytes, kind: str, since: int) -> str:
    """Return the id of an episode: the same after every replay.

    >>> flag_id(b"miot:weibo:123", "churn", 1732180000000)
    '35d3b906fc051ab1'
    """
    return blake2b(b"%b|%b|%d" % (key, kind.encode(), since), digest_size=8).hexdigest()


def flags(fans: Table, turns: Rows, acts: Sequence[Act | Credit]) -> Iterator[tuple[Out, FanFlag]]:
    """Yield a record for each turn, in order, with the event that turned it as evidence."""
    columns: list[list[Any]] = [turns[name].tolist() for name in turns.dtype.names or ()]
    codes = fans.columns.code[turns["row"]].tolist()
    for key, code, values in zip(fans.index.keys(turns["row"]), codes, zip(*columns, strict=True), strict=True):
        t = dict(zip(turns.dtype.names or (), values, strict=True))
        flag, act = Flag(t["flag"]), acts[t["event"]] if t["event"] >= 0 else None
        brand, _, fan = key.decode().partition(":")
        post_id = act.post_id if isinstance(act, Act) else None  # a credit has none
        evidence = Evidence(t["usual_gap_s"], t["silent_for_s"], act.event_id if act else None, post_id)
        record = FanFlag(
            SCHEMA,
            flag_id(key, KINDS[flag], t["since"]),
            brand,
            fan,
            KINDS[flag],
            STATES[flag][t["after"]],
            BEFORE[flag][t["before"]],
            REASONS[t["reason"]],
            t["severity"],
            evidence,
            round(t["score"], 2),
            fans.brands.versions[code],
            t["at"],
            t["seq"],
        )
        yield Out(key, encode(record)), record


def scores(fans: Table, picked: Ints) -> list[Out]:
    """Return the whole view of each picked fan."""
    values: list[bytes | memoryview] = list(json_scores(fans.columns, picked, fans.brands, fans.index))
    for i, flags in _standing(fans, picked).items():
        values[i] = bytes(values[i]).replace(NO_FLAGS, b'"flags":%b,' % encode(flags), 1)
    return [Out(key, value) for key, value in zip(fans.index.keys(picked), values, strict=True)]


def _standing(fans: Table, picked: Ints) -> dict[int, list[StandingFlag]]:
    """Return the standing flags of the few rows that have any, by their place among the picked."""
    rows = fans.columns.rows[picked]
    leaving = (rows["life"] == Life.AT_RISK) | (rows["life"] == Life.CHURNED)
    some = np.flatnonzero(leaving | (rows["is_negative"] > 0))
    found: dict[int, list[StandingFlag]] = {}
    for i, key in zip(some.tolist(), fans.index.keys(picked[some]), strict=True):
        row, flags = rows[i], []
        if leaving[i]:
            since = int(row["churn_from"])
            flags.append(StandingFlag(flag_id(key, "churn", since), "churn", int(row["churn_severity"]), since))
        if row["is_negative"]:
            since = int(row["negative_since"])
            flags.append(StandingFlag(flag_id(key, "negative", since), "negative", int(row["severity"]), since))
        found[i] = flags
    return found
