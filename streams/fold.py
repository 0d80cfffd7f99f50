"""The fold: a block of events, or a tick, moves rows; the only code that does."""

import math

from schemas.events import Kind, Topic
from schemas.fan import Fan, Life, Tier
from schemas.layout import Ints, Rows
from streams.columns import Columns, Event, Flag, Reason, Todo, Turn, Verdict
from streams.compiled import compiled
from streams.params import DAY, Params
from streams.rules.admission import LATE_MS, admit
from streams.rules.churn import came, life_at, limit, next_flip, risk_rises, usual_gap, why
from streams.rules.days import come, local_day
from streams.rules.decay import age
from streams.rules.mood import feel, is_negative
from streams.rules.score import add, reach, relevance, score
from streams.rules.suspect import beat, is_capped, suspicion
from streams.rules.tier import tier_of

MOST_TURNS = 3  # of one event: one per flag


@compiled
def fold(t: Columns, events: Rows, topic: int, params: Rows, turns: Rows) -> int:
    """Apply a block of one topic in order; write each event's verdict and return the number of turns."""
    n = 0
    for i in range(len(events)):
        e: Event = events[i]
        f: Fan = t.rows[e.row]
        e.brand = t.code[e.row]
        p: Params = params[e.brand]
        e.verdict = admit(f, topic, e.offset, e.ident)
        if e.verdict != Verdict.APPLIED:
            e.earns = 0
            continue
        if e.at < f.last_seen - LATE_MS:
            e.verdict = Verdict.LATE
        silent = max(e.at - f.last_seen, 0) if f.last_seen > 0 else 0
        age(f, e.at, p)
        take(f, e, topic, p)
        if f.suspect:
            e.earns = 0
        last = conclude(t, e.row, e.at, e.sentiment, p, turns, n)
        n = trace(turns, n, last, e.row, i, silent)
    return n


@compiled
def wake(t: Columns, picked: Ints, clock: Ints, params: Rows, turns: Rows, most: int) -> int:
    """Let time pass for the picked rows, up to their brand's clock; return the number of turns.

    It ends when ``turns`` has no room or ``most`` rows have changed. A row that time does not change yet is not
    touched: only its ``due`` is.
    """
    n = changed = 0
    for row in picked:
        f: Fan = t.rows[row]
        p: Params = params[t.code[row]]
        now = max(clock[t.feed[row]], f.as_of)
        flips = next_flip(f, p) <= now and life_at(f, now, p) != f.life
        sinks = now - f.announced_at >= DAY and f.announced - score(f, p, now) >= 1.0
        rises = now - f.announced_at >= DAY and now >= risk_rises(f, p)
        if flips or sinks or rises:
            if n + MOST_TURNS > len(turns) or changed == most:
                break
            changed += 1
            age(f, now, p)
            last = conclude(t, row, now, float("nan"), p, turns, n)
            n = trace(turns, n, last, row, -1, now - f.last_seen)
            t.todo[row] |= Todo.ANNOUNCE
        else:
            t.due[row] = due(f, now, p)
    return n


@compiled
def due(f: Fan, now: int, p: Params) -> int:
    """Return the next moment after ``now`` at which time alone may change the row: a flip, or a day's decay to tell."""
    flip, told = next_flip(f, p), f.announced_at + DAY
    tells = told if f.score >= 1.0 else max(told, risk_rises(f, p))
    return min(flip if flip > now else now + DAY, tells if tells > now else now + DAY)


@compiled
def set_due(t: Columns, picked: Ints, params: Rows) -> None:
    """Work out ``due`` of rows that came from the changelog."""
    for row in picked:
        p: Params = params[t.code[row]]
        t.due[row] = due(t.rows[row], t.rows[row].as_of, p)


@compiled
def announced(t: Columns, picked: Ints) -> None:
    """Note that readers are about to get what these rows say now; the rows must be recorded with it."""
    for row in picked:
        f: Fan = t.rows[row]
        f.announced, f.announced_seq, f.announced_at = f.score, f.seq, f.as_of
        t.todo[row] = Todo.RECORD


@compiled
def take(f: Fan, e: Event, topic: int, p: Params) -> None:
    """Take in one event: an act of the fan himself, or the credit for another's."""
    f.count[e.kind] += 1
    if e.kind == Kind.CREDIT:
        add(f, e.kind, e.at, 0, p)
        return
    day = local_day(e.at, p)
    f.first_seen = e.at if f.first_seen == 0 else min(f.first_seen, e.at)
    f.last_seen = max(f.last_seen, e.at)
    come(f, day)
    if not e.is_incentivized:
        f.is_organic = 1
    if topic <= Topic.REPOSTS:
        beat(f, topic, e.at)
    if not is_capped(f, e.kind, day, p):
        add(f, e.kind, e.at, e.is_incentivized, p)
    came(f, e.at, p)
    suspicion(f, topic, p)
    if not math.isnan(e.sentiment):
        feel(f, e.sentiment, p)


@compiled
def conclude(t: Columns, row: int, at: int, sentiment: float, p: Params, turns: Rows, n: int) -> int:
    """Judge a fan that was moved by what happened ``at``, and note what is to be done with the row."""
    f: Fan = t.rows[row]
    f.seq += 1
    life = f.life
    last = judge(f, at, sentiment, p, turns, n)
    t.todo[row] |= Todo.RECORD | Todo.SETTLE
    if last > n or f.life != life or abs(f.score - f.announced) >= 1.0 or f.announced_seq == 0:
        t.todo[row] |= Todo.ANNOUNCE
    t.due[row] = due(f, f.as_of, p)
    return last


@compiled
def judge(f: Fan, at: int, sentiment: float, p: Params, turns: Rows, n: int) -> int:
    """Set score, tier, mood and life as they are at ``as_of``; write the turns and return their number.

    Episodes begin at the moment of what turned them, not at ``as_of``: late events share that, and with it an id.
    """
    f.score = score(f, p, f.as_of)
    tier = tier_of(f.score, relevance(f.on_brand, f.whole), f.tier, p)
    if tier != f.tier:
        n = turn(turns, n, f, at, Flag.TIER, f.tier, tier)
        f.tier = tier
    raised = 1 if f.tier == Tier.CORE or reach(f.credit) >= 0.5 else 0
    angry = int(is_negative(f.is_negative == 1, sentiment, f.mood, f.mood_n, p))
    if angry != f.is_negative:
        shock = angry and sentiment <= p.mood_shock
        if angry:
            f.negative_since, f.severity = max(at, f.negative_since + 1), (2 if shock else 1) + raised
        n = turn(turns, n, f, f.negative_since, Flag.NEGATIVE, f.is_negative, angry)
        turns[n - 1].severity = f.severity
        turns[n - 1].reason = Reason.COMMENT if shock else Reason.MOOD
        f.is_negative = angry
    life = life_at(f, f.as_of, p)
    if life != f.life and (f.life_since == 0 or f.as_of - f.life_since >= DAY):
        n = live(f, life, raised, p, turns, n)
    return n


@compiled
def live(f: Fan, life: int, raised: int, p: Params, turns: Rows, n: int) -> int:
    """Move a fan to another state of the lifecycle; all but the second active day is told."""
    if f.life == Life.NEW and life == Life.ACTIVE:
        f.life = life
        return n
    leaves = life in (Life.AT_RISK, Life.CHURNED)
    if life == Life.AT_RISK:
        f.churn_from = limit(f, p.alive_at_risk, p)
    n = turn(turns, n, f, f.churn_from, Flag.CHURN, f.life, life)
    turns[n - 1].reason = why(f, p) if leaves else Reason.ACT
    if leaves:
        f.churn_severity = (1 if life == Life.AT_RISK else 2) + raised
        turns[n - 1].severity = f.churn_severity
    f.life, f.life_since = life, f.as_of
    return n


@compiled
def turn(turns: Rows, n: int, f: Fan, since: int, flag: int, before: int, after: int) -> int:
    """Write one transition of severity 1 behind the ``n`` there are, and return their number."""
    t: Turn = turns[n]
    t.at, t.since, t.score, t.seq = f.as_of, since, f.score, f.seq
    t.flag, t.before, t.after, t.reason, t.severity = flag, before, after, Reason.SCORE, 1
    t.usual_gap_s = usual_gap(f)
    return n + 1


@compiled
def trace(turns: Rows, n: int, last: int, row: int, event: int, silent: int) -> int:
    """Note whose the newest turns are, which event turned them, and after how long a silence; return ``last``."""
    for k in range(n, last):
        turns[k].row, turns[k].event, turns[k].silent_for_s = row, event, silent // 1000
    return last
