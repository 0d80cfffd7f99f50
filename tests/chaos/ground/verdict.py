"""Holds what readers see against what was sent."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from agents.settings import Settings
from schemas.fan import FAN
from tests.chaos.ground.result import Result
from tests.chaos.ground.workload import Workload
from tests.ground.reading import Record, read
from tests.integration.oracle.compare import differences
from tests.integration.oracle.replay import Told

SHOWN = 10


def judge(settings: Settings, work: Workload, result: Result, refused: int) -> list[str]:
    """Fill in the counts, and return examples of what is wrong."""
    broker, names, told = settings.broker, settings.names, work.told()
    views, result.seq_back = newest(read(broker, names.fan_scores))
    said = _counts(views, told, result)
    wrong = differences(views, told.fans)
    result.wrong = len({line.partition(": ")[0] for line in wrong})
    given = Counter(record.json()["event_id"] for record in read(broker, names.credits))
    result.lost += len(told.credits - given.keys())
    result.doubled += given.total() - len(given) + len(given.keys() - told.credits)
    said += _flags([record.json() for record in read(broker, names.fan_flags)], views, work, result)
    back = rows_back(read(broker, names.changelog))
    result.seq_back += len(back)
    letters = read(broker, names.dead_letters)
    result.lost += max(refused - len(letters), 0)
    result.doubled += max(len(letters) - refused, 0)
    return [*said, *wrong, *back, *(str(letter.headers) for letter in letters[refused:])][:SHOWN]


def newest(records: list[Record]) -> tuple[dict[str, Any], int]:
    """Return the last view of each fan, and how many records were not newer than the one before."""
    views: dict[str, Any] = {}
    back = 0
    for record in records:
        key, view = (record.key or b"").decode(), record.json()
        back += key in views and view["seq"] <= views[key]["seq"]
        views[key] = view
    return views, back


def rows_back(records: list[Record]) -> list[str]:
    """Return where the changelog of a fan goes back: an older row behind a newer one would survive compaction."""
    last: dict[bytes, Any] = {}
    said = []
    for record in records:
        assert record.key is not None
        assert record.value is not None
        row = np.frombuffer(record.value, FAN)[0]
        before = last.get(record.key)
        if before is not None and (row["seq"] < before["seq"] or (row["position"] < before["position"]).any()):
            said.append(f"{record.key!r}: row {record.offset} of partition {record.partition} is older than the last")
        last[record.key] = row
    return said


def _counts(views: dict[str, Any], told: Told, result: Result) -> list[str]:
    said = []
    for key in told.fans.keys() | views.keys():
        wanted = told.fans[key].counts if key in told.fans else Counter()
        got = Counter(views[key]["counts"]) if key in views else Counter()
        lost, doubled = wanted - got, got - wanted
        result.lost += lost.total()
        result.doubled += doubled.total()
        if lost or doubled:
            said.append(f"{key}: lost {dict(lost)}, doubled {dict(doubled)}")
    return said


def _flags(flags: list[dict[str, Any]], views: dict[str, Any], work: Workload, result: Result) -> list[str]:
    """Only tiers may turn, and one shock of each angry fan; a fan's tiers must form a chain."""
    said, raised, tier = [], Counter[str](), defaultdict[str, str](lambda: "passer-by")
    seen: set[tuple[str, str]] = set()
    for flag in flags:
        key, kind = f"{flag['brand_id']}:{flag['fan_id']}", flag["kind"]
        if (flag["flag_id"], flag["state"]) in seen:
            result.repeated_flags += 1
            said.append(f"{key}: {kind} {flag['flag_id']} {flag['state']} twice")
        seen.add((flag["flag_id"], flag["state"]))
        if kind == "tier":
            if flag["from"] != tier[key]:
                result.false_flags += 1
                said.append(f"{key}: tier from {flag['from']}, but readers were told {tier[key]}")
            tier[key] = flag["state"]
        elif kind == "negative" and flag["state"] == "raised" and key in work.angry:
            raised[key] += 1
        else:
            result.false_flags += 1
            said.append(f"{key}: {kind} {flag['state']}")
    result.repeated_flags += sum(n - 1 for n in raised.values())
    result.lost += len(work.angry - raised.keys())
    untold = [key for key, view in views.items() if view["tier"] != tier[key]]
    result.lost += len(untold)
    return said + [f"{key}: tier {views[key]['tier']} was never told" for key in untold]
