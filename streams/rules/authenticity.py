"""Fake engagement: a rhythm too even for a person, or the daily cap reached day after day."""

import math
from typing import Annotated

from schemas.outputs.fields import number
from schemas.row import Floats, Ints, i2, u1
from streams.compiled import compiled
from streams.rules import days
from streams.rules.days import bits_set
from streams.rules.rule import Count, Event, Gauge, Positive, Published, Rule, Share

WEEK, CLEAN, BYTE = 0b1111111, 0b111, 0xFF  # the newest 7 days, the newest 3
BY_CAPS = 0b100  # the bit of ``suspect`` that the daily cap moves
CAPPED_DAYS = 5  # of the newest 7 that make a suspect
RHYTHMS = 2  # inputs whose gaps are watched


class State(days.State):
    """Evidence of machines."""

    hit_days: Annotated[u1, 14]  # bitmap of 8 days that reached a cap, bit 0 = newest_hit
    newest_hit: Annotated[i2, 15]
    gap_last: Annotated[Ints, "<i8", (RHYTHMS,), 16]  # of each input with a rhythm
    gap_n: Annotated[Ints, "<i4", (RHYTHMS,), 17]
    gap_mean: Annotated[Floats, "<f4", (RHYTHMS,), 18]
    gap_m2: Annotated[Floats, "<f4", (RHYTHMS,), 19]
    suspect: Annotated[u1, 20]  # a bit per input with a rhythm, and BY_CAPS: each moved by its own evidence only


class Settings(days.Settings, frozen=True):
    """What makes a suspect; ``cv`` is standard deviation by mean of the gaps."""

    daily_cap: Count = 20  # acts of a type and day that count
    gaps_needed: Count = 20
    regular_cv: Positive = 0.35
    human_cv: Positive = 0.5
    authenticity: Share = 0.1  # of a suspect


@compiled
def authenticity_of(f: State, p: Settings) -> float:
    """Return the factor of the score, 0..1."""
    return p.authenticity if f.suspect else 1.0


@compiled
def hits_by(f: State, day: int) -> int:
    """Return the bitmap of days that reached a cap as seen on ``day``."""
    ahead = max(day - int(f.newest_hit), 0)
    return (int(f.hit_days) << ahead) & BYTE if ahead < 8 else 0


@compiled
def record_hit(f: State, day: int) -> None:
    """Note a day that reached a cap; one older than the bitmap's 8 days leaves no mark."""
    ahead = day - int(f.newest_hit)
    if ahead >= 0:
        f.hit_days, f.newest_hit = hits_by(f, day) | 1, day
    elif ahead > -8:  # a shift by 64 and more is undefined: LLVM took it modulo 64
        f.hit_days |= 1 << -ahead


@compiled
def update_gap_stats(f: State, rhythm: int, at: int) -> None:
    """Take the gap since the input's last act into its mean and variance (Welford 1962), in seconds."""
    if at <= f.gap_last[rhythm]:
        return
    if f.gap_last[rhythm] > 0:
        gap = (at - f.gap_last[rhythm]) / 1000.0
        f.gap_n[rhythm] += 1
        before = gap - f.gap_mean[rhythm]
        f.gap_mean[rhythm] += before / f.gap_n[rhythm]
        f.gap_m2[rhythm] += before * (gap - f.gap_mean[rhythm])
    f.gap_last[rhythm] = at


@compiled
def variation(n: int, mean: float, m2: float) -> float:
    """Return sd / mean of the gaps.

    >>> variation(4, mean=10.0, m2=4.0)
    0.1
    """
    return math.sqrt(max(m2, 0.0) / n) / mean if n > 0 and mean > 0.0 else 1.0


@compiled
def apply(f: State, e: Event, p: Settings) -> None:
    """Take in an act's evidence, and raise or release the bits of ``suspect``."""
    if e.reached_cap:
        record_hit(f, e.day)
    rhythm = e.rhythm
    if 0 <= rhythm < RHYTHMS:
        update_gap_stats(f, rhythm, e.at)
        if f.gap_n[rhythm] >= p.gaps_needed:
            cv = variation(f.gap_n[rhythm], f.gap_mean[rhythm], f.gap_m2[rhythm])
            if cv < p.regular_cv:
                f.suspect |= 1 << rhythm
            elif cv > p.human_cv:
                f.suspect &= BYTE ^ 1 << rhythm
    hits = hits_by(f, f.newest_day)
    if bits_set(hits & WEEK) >= CAPPED_DAYS:
        f.suspect |= BY_CAPS
    elif not hits & CLEAN:
        f.suspect &= BYTE ^ BY_CAPS


@compiled
def _authenticity(f: State, p: Settings) -> float:
    return authenticity_of(f, p)


@compiled
def _is_suspect(f: State) -> int:
    return 1 if f.suspect else 0


RULE = Rule(
    "authenticity",
    State,
    Settings,
    apply=apply,
    ascending=(("regular_cv", "human_cv"),),
    published=(
        Published(
            number("parts.authenticity", "Below 1 while the rhythm or the volume looks like a machine's.", decimals=3),
            _authenticity,
        ),
    ),
    gauges=(Gauge("authenticity", ("human", "suspect"), _is_suspect),),
)
