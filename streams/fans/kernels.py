"""The kernels that move rows, composed of a model's rules: events are folded, timers fire; nothing else moves a row.

This module is executed once per model (``kernels_of``): numba caches functions of a module, not those of a factory.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from schemas.row import Ints, Rows
from streams.compiled import compiled, inlined
from streams.fans.columns import Columns, Dirty, mark
from streams.fans.compose import classifier, counter, earliest, either, in_order
from streams.fans.composed import composing, load
from streams.fans.model import Model
from streams.rules.days import local_day, usual_gap
from streams.rules.publication import State, has_moved, mark_published
from streams.rules.rule import TIME, Emitted, Event, Outcome, Row, Transition, Transitions

LATE_MS = 3_600_000

model = composing()
size = max(kind.number for kind in model.kinds) + 1
PART, BY_FAN = np.zeros(size, np.int64), np.zeros(size, np.bool_)
for source in model.inputs:
    for kind in source.kinds:
        PART[kind.number], BY_FAN[kind.number] = int(kind.part), source.by_fan
MAX_TRANSITIONS = len(model.flags)  # of one event

decay_sums = in_order(model.kernels_of("decay"), 3)
apply = in_order(model.kernels_of("apply"), 3)
apply_by_others = in_order(model.kernels_of("apply_by_others"), 3)
judge = in_order(model.kernels_of("judge"), 4)
next_timer = earliest(model.kernels_of("next_timer"))
is_due = either(model.kernels_of("is_due"))
count_event = counter(model.kinds)
class_of = classifier(model.gauges)


@compiled
def decay_to(f: State, now: int, p: Row) -> None:
    """Let every sum fade to ``now``, ms; a moment in the past changes nothing."""
    elapsed = now - f.as_of
    if elapsed > 0:
        decay_sums(f, elapsed, p)
        f.as_of = now


@compiled
def silent_ms(f: State, now: int) -> int:
    """Return for how long a fan has been silent; 0 for one known by others' reposts alone."""
    return max(now - f.last_seen, 0) if f.last_seen > 0 else 0


@inlined
def conclude(t: Columns, row: int, before: tuple[int, float], e: Event, p: Row, out: Transitions) -> None:
    """Judge a fan that was moved, and note what is to be done with the row."""
    f: State = t.rows[row]
    f.seq += 1
    emitted: Emitted = out.emitted[0]
    emitted.n = 0
    judge(f, e, p, emitted)
    code, now = t.code[row], class_of(f)
    if now != before[0]:
        if before[0] >= 0:
            t.class_counts[code, before[0]] -= 1
        t.class_counts[code, now] += 1
    t.score_sums[code] += f.score - before[1]
    bits = Dirty.CHANGELOG | Dirty.PUBLISH_LATER
    if emitted.n or now != before[0] or has_moved(f):
        bits |= Dirty.PUBLISH
    mark(t, row, bits)
    t.due[row] = next_timer(f, f.as_of, p)


@compiled
def collect(out: Transitions, f: State, row: int, event: int, silent: int) -> None:
    """Write what the rules emitted for a fan as transitions; ``silent``: ms since the fan's last act before it."""
    emitted: Emitted = out.emitted[0]
    for k in range(emitted.n):
        x: Transition = out.rows[out.n[0]]
        x.row, x.event, x.silent_for_s = row, event, silent // 1000
        x.at, x.score, x.seq, x.usual_gap_s = f.as_of, f.score, f.seq, usual_gap(f)
        x.flag, x.before, x.after = emitted.flag[k], emitted.before[k], emitted.after[k]
        x.since, x.reason, x.severity = emitted.since[k], emitted.reason[k], emitted.severity[k]
        out.n[0] += 1


@compiled
def fold(t: Columns, events: Rows, params: Rows, out: Transitions) -> None:
    """Apply a batch of one input in order; write what became of each event, and the transitions.

    ``out.rows`` needs room for ``MAX_TRANSITIONS`` per event.
    """
    for i in range(len(events)):
        e: Event = events[i]
        row = e.row
        e.code = t.code[row]
        if t.is_staff[row]:
            e.outcome = Outcome.IGNORED
        if e.outcome != Outcome.APPLIED:
            e.emits_attribution = 0
            continue
        f: State = t.rows[row]
        p = params[e.code]
        if e.at < f.last_seen - LATE_MS:
            e.outcome = Outcome.LATE
        silent = silent_ms(f, e.at)
        before, score = class_of(f) if f.seq else -1, f.score
        decay_to(f, e.at, p)
        e.day, e.part, e.weight = local_day(e.at, p), PART[e.kind], p.weight[e.kind]
        count_event(f, e, p)
        if BY_FAN[e.kind]:
            apply(f, e, p)
        else:
            apply_by_others(f, e, p)
        if f.suspect:
            e.emits_attribution = 0
        conclude(t, row, (before, score), e, p, out)
        if out.emitted[0].n:
            collect(out, f, row, i, silent)


@compiled
def fire_timers(t: Columns, picked: Ints, clock: Ints, params: Rows, time: Rows, out: Transitions, most: int) -> None:
    """Let time pass for the picked rows, up to their source's clock (int64 ms, a cell per source).

    It ends when ``out`` has no room or ``most`` rows have changed. A row that time does not change yet is not touched:
    only its timer is. ``time`` is one event to work with.
    """
    changed = 0
    e: Event = time[0]
    e.kind, e.sentiment, e.rhythm = TIME, np.nan, -1
    for row in picked:
        f: State = t.rows[row]
        p = params[t.code[row]]
        now = max(clock[t.source[row]], f.as_of)
        if not is_due(f, now, p):
            t.due[row] = next_timer(f, now, p)
            continue
        if out.n[0] + MAX_TRANSITIONS > len(out.rows) or changed == most:
            break
        changed += 1
        before, score = class_of(f), f.score
        decay_to(f, now, p)
        e.at = now
        silent = silent_ms(f, now)
        conclude(t, row, (before, score), e, p, out)
        collect(out, f, row, -1, silent)
        mark(t, row, Dirty.PUBLISH)


@compiled
def publish(t: Columns, picked: Ints) -> None:
    """Note that readers are about to get what these rows say now; the rows must be recorded with it."""
    for row in picked:
        mark_published(t.rows[row])
        mark(t, row, Dirty.CHANGELOG)


@compiled
def finish_restore(t: Columns, start: int, stop: int, params: Rows, newest: Ints) -> None:
    """Derive timers, gauges, what readers have not got, and each source's newest event from restored rows."""
    for row in range(start, stop):
        f: State = t.rows[row]
        if not f.seq or t.is_staff[row]:  # recorded before somebody named them
            continue
        code = t.code[row]
        t.due[row] = next_timer(f, f.as_of, params[code])
        t.class_counts[code, class_of(f)] += 1
        t.score_sums[code] += f.score
        if f.seq != f.published_seq:
            mark(t, row, Dirty.PUBLISH)
        newest[t.source[row]] = max(newest[t.source[row]], f.last_seen)


@compiled
def decay_all(t: Columns, size: int, now: int, params: Rows) -> None:
    """Let the sums of the first ``size`` rows fade to ``now``, ms."""
    for row in range(size):
        decay_to(t.rows[row], now, params[t.code[row]])


class Kernels(NamedTuple):
    """The kernels of one model."""

    fold: Callable[[Columns, Rows, Rows, Transitions], None]
    fire_timers: Callable[[Columns, Ints, Ints, Rows, Rows, Transitions, int], None]
    publish: Callable[[Columns, Ints], None]
    finish_restore: Callable[[Columns, int, int, Rows, Ints], None]
    decay_all: Callable[[Columns, int, int, Rows], None]
    decay_to: Callable[[Row, int, Row], None]
    max_transitions: int


KERNELS = Kernels(fold, fire_timers, publish, finish_restore, decay_all, decay_to, MAX_TRANSITIONS)


def kernels_of(model: Model) -> Kernels:
    """Return the kernels of a model."""
    kernels: Kernels = load(__name__, model).KERNELS
    return kernels
