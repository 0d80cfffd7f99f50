"""What differs between a row worked out anew, the changelog's row, and what readers have."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from schemas.events import Kind
from schemas.fan import Fan
from schemas.outputs import FanScore
from streams.params import Params
from streams.rules.decay import age
from streams.rules.score import score

WITHIN = 0.01  # of a score; sums and means may differ by this share, for they are added up in another order
RHYTHMS = 0b011  # the bits of ``suspect`` that no order of topics can change
SUMS = ("talk", "share", "credit", "on_brand", "whole", "activity")


class Difference(NamedTuple):
    """One field of one fan."""

    fan: str
    field: str
    published: object
    recomputed: object


def rows(key: bytes, old: Any, fresh: Any, p: Params, *, credits_whole: bool) -> Iterator[Difference]:
    """Compare the changelog's row with the fresh one; both are faded to the later moment, on copies."""
    old, fresh = _copy(old), _copy(fresh)
    now = max(int(old.as_of), int(fresh.as_of))
    age(old, now, p)
    age(fresh, now, p)
    fan = key.decode()
    for kind in Kind:
        if old.count[kind] != fresh.count[kind] and (credits_whole or kind != Kind.CREDIT):
            yield Difference(fan, f"counts.{kind.name.lower()}", int(old.count[kind]), int(fresh.count[kind]))
    for name in ("first_seen", "last_seen", "mood_n"):
        if getattr(old, name) != getattr(fresh, name):
            yield Difference(fan, name, int(getattr(old, name)), int(getattr(fresh, name)))
    for name in ("mood", *(SUMS if credits_whole else (name for name in SUMS if name != "credit"))):
        a, b = float(getattr(old, name)), float(getattr(fresh, name))
        if abs(a - b) > WITHIN * max(1.0, abs(b)):
            yield Difference(fan, name, round(a, 4), round(b, 4))
    if (old.suspect ^ fresh.suspect) & RHYTHMS:
        yield Difference(fan, "suspect", int(old.suspect), int(fresh.suspect))
    fresh.suspect = old.suspect
    a, b = score(old, p, now), score(fresh, p, now)
    if credits_whole and abs(a - b) > WITHIN:
        yield Difference(fan, "score", round(a, 2), round(b, 2))


def view(key: bytes, row: Any, told: FanScore | None) -> Iterator[Difference]:
    """Compare what readers have with the row; a view read later may be newer, never older."""
    fan, announced = key.decode(), int(row.announced_seq)
    if told is None:
        if announced:
            yield Difference(fan, "fan-scores", None, f"seq {announced}")
        return
    if told.seq < announced:
        yield Difference(fan, "fan-scores seq", told.seq, announced)
    if told.seq == announced and abs(told.score - float(row.announced)) > WITHIN:
        yield Difference(fan, "fan-scores score", told.score, round(float(row.announced), 2))


def _copy(row: Any) -> Fan:
    """Return a row that may be moved."""
    one: Fan = np.array([row], row.dtype)[0]
    return one
