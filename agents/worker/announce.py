"""Rows and turns become the records that readers get."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from agents.transport.writer import Out
from schemas.events import Act, Credit, Kind
from schemas.fan import Life, Tier
from schemas.layout import Ints, Rows
from schemas.outputs import Counts, Evidence, FanFlag, FanScore, FlagKind, Parts, Sentiment, StandingFlag
from streams.columns import Flag, Reason
from streams.table import Table
from streams.view import views

SCHEMA = 1
TIERS = [tier.name.lower().replace("_", "-") for tier in Tier]
LIVES = [life.name.lower() for life in Life]
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
    """Return the whole view of each picked fan; rounding is numpy's, a column at a time."""
    rows = fans.columns.rows[picked]
    view = views(fans.columns, picked, fans.brands.rows)
    parts = zip(*(np.round(view[name], 3).tolist() for name in Parts.__struct_fields__), strict=True)
    moods = zip(np.round(rows["mood"].astype("f8"), 3).tolist(), rows["mood_n"].tolist(), strict=True)
    versions = [fans.brands.versions[code] for code in fans.columns.code[picked].tolist()]
    columns = zip(
        np.round(rows["score"].astype("f8"), 2).tolist(),
        [TIERS[tier] for tier in rows["tier"].tolist()],
        [LIVES[life] for life in rows["life"].tolist()],
        np.round(view["churn_risk"], 4).tolist(),
        view["usual_gap_s"].tolist(),
        *(rows[name].tolist() for name in ("first_seen", "last_seen", "as_of", "seq")),
        versions,
        strict=True,
    )
    standing = _standing(fans, picked, rows)
    out = []
    for i, (key, part, mood, count, values) in enumerate(
        zip(fans.index.keys(picked), parts, moods, rows["count"][:, : Kind.CREDIT].tolist(), columns, strict=True)
    ):
        score, tier, life, risk, gap, first, last, as_of, seq, version = values
        brand, _, fan = key.decode().partition(":")
        record = FanScore(
            SCHEMA, brand, fan, score, Parts(*part), tier, life, risk, Sentiment(*mood), standing.get(i, []),
            gap, Counts(*count), first, last, version, as_of, seq,
        )  # fmt: skip
        out.append(Out(key, encode(record)))
    return out


def _standing(fans: Table, picked: Ints, rows: Rows) -> dict[int, list[StandingFlag]]:
    """Return the standing flags of the few rows that have any, by their place among the picked."""
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
