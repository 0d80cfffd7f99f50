"""Rows and turns become the records that readers get."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import msgspec
import numpy as np

from agents.transport.load import Out
from schemas.events import Act, Credit
from schemas.fan import Life
from schemas.layout import Ints, Rows
from schemas.outputs import Evidence, FanFlag, FlagKind, StandingFlag
from streams.columns import Reason
from streams.records.scores import LIVES, TIERS, json_scores
from streams.records.spans import Texts
from streams.state.table import Table

SCHEMA = 1
NO_FLAGS = b'"flags":[],'  # no id can hold it: its quotes would be escaped
REASONS = [reason.name.lower() for reason in Reason]
KINDS: list[FlagKind] = ["tier", "churn", "negative"]  # the order of ``Flag``
CHURN = ["cleared", "cleared", "at_risk", "churned", "returned"]  # the order of ``Life``
NEGATIVE = ["cleared", "raised"]
STATES, BEFORE = [TIERS, CHURN, NEGATIVE], [TIERS, LIVES, NEGATIVE]
TURN_FIELDS = ("event", "at", "since", "score", "seq", "usual_gap_s", "silent_for_s")
TURN_CODES = ("flag", "before", "after", "reason", "severity")

encode = msgspec.json.Encoder().encode


def flag_id(key: bytes, kind: str, since: int) -> str:
    """Return the id of an episode: the same after every replay.

    >>> flag_id(b"miot:weibo:123", "churn", 1732180000000)
    '35d3b906fc051ab1'
    """
    return blake2b(b"%b|%b|%d" % (key, kind.encode(), since), digest_size=8).hexdigest()


def flags(fans: Table, turns: Rows, acts: Sequence[Act | Credit]) -> Iterator[tuple[Out, FanFlag]]:
    """Yield a record for each turn, in order, with the event that turned it as evidence."""
    keys, codes = fans.index.keys(turns["row"]), fans.columns.code[turns["row"]].tolist()
    fields = zip(*(turns[name].tolist() for name in TURN_FIELDS), strict=True)
    coded = zip(*(turns[name].tolist() for name in TURN_CODES), strict=True)
    for key, code, (event, at, since, score, seq, gap, silent), (flag, before, after, reason, severity) in zip(
        keys, codes, fields, coded, strict=True
    ):
        act, kind = acts[event] if event >= 0 else None, KINDS[flag]
        brand, _, fan = key.decode().partition(":")
        post_id = act.post_id if isinstance(act, Act) else None  # a credit has none
        record = FanFlag(
            SCHEMA, flag_id(key, kind, since), brand, fan, kind, STATES[flag][after], BEFORE[flag][before],
            REASONS[reason], severity, Evidence(gap, silent, act.event_id if act else None, post_id), round(score, 2),
            fans.brands.versions[code], at, seq,
        )  # fmt: skip
        yield Out(key, encode(record)), record


def scores(fans: Table, picked: Ints) -> list[tuple[Texts, Texts]]:
    """Return the whole view of each picked fan, as keys and values: a part without flags, a part with."""
    standing, texts = _standing(fans, picked), json_scores(fans.columns, picked, fans.brands, fans.index)
    if not standing:
        return [(fans.index.texts(picked), texts)]
    some = np.array(list(standing), np.int64)
    plain = np.delete(np.arange(len(picked)), some)
    flagged = [texts.at(i).replace(NO_FLAGS, b'"flags":%b,' % encode(flags), 1) for i, flags in standing.items()]
    return [
        (fans.index.texts(picked[plain]), Texts(texts.data, texts.start[plain], texts.stop[plain])),
        (fans.index.texts(picked[some]), Texts.of(flagged)),
    ]


def _standing(fans: Table, picked: Ints) -> dict[int, list[StandingFlag]]:
    """Return the standing flags of the few rows that have any, by their place among the picked."""
    columns = fans.columns.rows  # a column at a time: whole rows are 470 bytes each
    life = columns["life"][picked]
    leaving = (life == Life.AT_RISK) | (life == Life.CHURNED)
    some = np.flatnonzero(leaving | (columns["is_negative"][picked] > 0))
    rows = columns[picked[some]]
    found: dict[int, list[StandingFlag]] = {}
    for i, key, row in zip(some.tolist(), fans.index.keys(picked[some]), rows, strict=True):
        flags = []
        if leaving[i]:
            since = int(row["churn_from"])
            flags.append(StandingFlag(flag_id(key, "churn", since), "churn", int(row["churn_severity"]), since))
        if row["is_negative"]:
            since = int(row["negative_since"])
            flags.append(StandingFlag(flag_id(key, "negative", since), "negative", int(row["severity"]), since))
        found[i] = flags
    return found
