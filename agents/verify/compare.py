"""What differs between a fan computed again, the changelog's row, and the record that readers have.

Compared are fields that do not depend on the order in which a worker read its inputs, nor on when its timers fired.
Left out are:

- ``seq``, ``as_of``: every timer that fired counts. Both rows decay to one moment before they are compared.
- ``tier``, ``lifecycle`` and all about churn, and so the standing flags: they depend on the scores in between (two
  thresholds) and on when silence was judged.
- ``hit_days`` and the bit of ``suspect`` that it moves: days of the caps of several inputs are in one bitmap. The score
  and ``parts.authenticity`` are compared as if both rows had the changelog's ``suspect``.
- ``active_days``, ``n_days`` and ``usual_gap_s`` of a fan of more than nine weeks: an act older than the bitmap's span
  leaves no mark.
- ``negative_severity``: it depends on the tier at that moment.
- ``model_version``: parameters may have changed since.
- influence, the score and the count of attributions where retention removed attributions.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import orjson

from schemas.outputs.fields import PublishedField
from streams.outputs.scores import json_scores
from streams.rules.authenticity import BY_CAPS
from streams.rules.days import SPAN
from streams.rules.rule import DAY
from streams.rules.score import score_at
from streams.task import Task

SHARE = 0.01  # by which sums and means may differ: they are added up in another order, in 32 and 64 bits
SCORE_TOLERANCE = 0.015  # by which a published score may differ: two decimals
EXACT = ("first_seen", "last_seen", "is_organic", "sentiment_n", "is_negative", "negative_since", "gap_last", "gap_n")
DAYS = ("active_days", "newest_day", "n_days")
SUM_TOLERANCE = ("talk", "share", "influence", "organic_weight", "total_weight", "activity", "sentiment_mean")
BY_ATTRIBUTION = {"influence", "count_attribution", "parts.influence", "score"}
COMPARED_FRAME = ("schema", "brand_id", "fan_id")
LEFT_OUT = {"tier", "lifecycle"}  # of the published fields


class Difference(NamedTuple):
    """One field of one fan."""

    fan: str
    field: str
    published: object
    recomputed: object


def align(old: Task, row: int, new: Task, other: int) -> None:
    """Let the rows of both tasks fade to the later moment of the two, with one ``suspect``, and score the new one."""
    a, b = old.fans.columns.rows[row], new.fans.columns.rows[other]
    params = old.brands.rows[old.fans.columns.code[row]]
    now = max(int(a["as_of"]), int(b["as_of"]))
    old.fans.kernels.decay_to(a, now, params)
    new.fans.kernels.decay_to(b, now, params)
    if not (int(a["suspect"]) ^ int(b["suspect"])) & ~BY_CAPS:
        b["suspect"] = a["suspect"]
    b["score"] = score_at(b, now, params)


def rows(key: bytes, old: Any, new: Any, *, has_attributions: bool) -> Iterator[Difference]:
    """Compare the changelog's row with the recomputed one; both must be aligned."""
    fan, known = key.decode(), set(old.dtype.names)
    kinds = [name for name in old.dtype.names if name.startswith(("count_", "cap_day_", "cap_count_"))]
    exact = [*kinds, *(name for name in EXACT if name in known), *(DAYS if _is_young(old) else ())]
    for name in exact:
        if (name not in BY_ATTRIBUTION or has_attributions) and not np.array_equal(old[name], new[name]):
            yield Difference(fan, name, old[name].tolist(), new[name].tolist())
    for name in SUM_TOLERANCE:
        a, b = float(old[name]), float(new[name])
        if (name not in BY_ATTRIBUTION or has_attributions) and abs(a - b) > SHARE * max(1.0, abs(b)):
            yield Difference(fan, name, round(a, 4), round(b, 4))
    if old["suspect"] != new["suspect"]:
        yield Difference(fan, "suspect", int(old["suspect"]), int(new["suspect"]))


def published(
    key: bytes, old: Any, value: bytes | None, fresh: tuple[Task, int], *, has_attributions: bool
) -> Iterator[Difference]:
    """Compare the record that readers have with the recomputed fan.

    A record that was read later than the row may be newer, never older. Fields are compared where the record says what
    the row says: between two records of a fan small changes wait for FANPULSE_PUBLISH_DELAY_S.

    Args:
        key: of the fan.
        old: the changelog's row.
        value: the newest record of fan-scores; None: there is none.
        fresh: the task with the recomputed row, aligned, and the row's place.
        has_attributions: retention removed none.
    """
    fan, expected = key.decode(), int(old["published_seq"])
    if value is None:
        if expected:
            yield Difference(fan, "fan-scores", None, f"seq {expected}")
        return
    record = orjson.loads(value)
    if record["seq"] < expected:
        yield Difference(fan, "fan-scores seq", record["seq"], expected)
    if record["seq"] != expected:
        return
    if abs(record["score"] - float(old["published_score"])) > SCORE_TOLERANCE:
        yield Difference(fan, "fan-scores score", record["score"], round(float(old["published_score"]), 2))
    task, place = fresh
    if expected == int(old["seq"]) and record["as_of"] == int(task.fans.columns.rows["as_of"][place]):
        yield from _fields(fan, record, task, place, has_attributions=has_attributions)


def _fields(fan: str, record: Any, task: Task, place: int, *, has_attributions: bool) -> Iterator[Difference]:
    row, picked = task.fans.columns.rows[place], np.array([place])
    texts = json_scores(task.model, task.fans.columns, picked, task.brands, task.fans.index)
    again = orjson.loads(texts.at(0))
    for name in COMPARED_FRAME:
        if record.get(name) != again[name]:
            yield Difference(fan, f"fan-scores {name}", record.get(name), again[name])
    for one in task.model.published:
        path = one.field.path
        if path in LEFT_OUT or (path == "usual_gap_s" and not _is_young(row)):
            continue
        a, b = _at(record, path), _at(again, path)
        if (has_attributions or path not in BY_ATTRIBUTION) and not _is_close(a, b, one.field):
            yield Difference(fan, f"fan-scores {path}", a, b)
    for name in sorted(record["counts"].keys() | again["counts"].keys()):
        a, b = (counts["counts"].get(name, 0) for counts in (record, again))
        if a != b:
            yield Difference(fan, f"fan-scores counts.{name}", a, b)


def _is_young(row: Any) -> bool:
    """Return whether all acts of a fan fit the bitmap of active days, so that their order does not matter."""
    return int(row["last_seen"]) - int(row["first_seen"]) < (SPAN - 1) * DAY


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _is_close(a: Any, b: Any, field: PublishedField) -> bool:
    """Return whether two values of a field are equal, as far as its decimals and the order of adding go."""
    if field.decimals is None or not isinstance(a, int | float):
        return bool(a == b)
    return math.isclose(a, b, rel_tol=1e-4, abs_tol=1.5 * 10**-field.decimals)
