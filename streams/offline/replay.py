"""Runs a history through the program's own decode, fold and timers, without Kafka: back-tests measure what runs."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.events import Topic
from schemas.fan import Fan
from schemas.layout import Floats, Ints, Rows, dtype_of, f8, i8
from streams.block import decode
from streams.columns import Columns
from streams.compiled import compiled
from streams.offline.rhythm import Acts
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.spans import Records, Texts
from streams.rules.churn import risk, usual_gap
from streams.rules.decay import age
from streams.rules.score import filled, reach, relevance

MAX_FLAGS = 1_000  # of one tick; it is repeated until none is left


class Line(msgspec.Struct, gc=False):
    """One event as Kafka would deliver it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class History(NamedTuple):
    """One brand's events in the order of their time."""

    lines: list[Line]
    topic: NDArray[np.int8]
    acts: Acts
    keys: list[bytes]  # of fan 0, 1, ...


class View:
    """One fan as published, before rounding."""

    talk: f8
    share: f8
    influence: f8
    relevance: f8
    authenticity: f8
    churn_risk: f8
    usual_gap_s: i8


VIEW = dtype_of(View)


@compiled
def write_views(t: Columns, picked: Ints, params: Rows, out: Rows) -> None:
    """Write the view of each picked row."""
    for i in range(len(picked)):
        f: Fan = t.rows[picked[i]]
        p: Params = params[t.code[picked[i]]]
        v: View = out[i]
        v.talk = filled(f.talk, p.half_way)
        v.share = filled(f.share, p.half_way)
        v.influence = reach(f.credit)
        v.relevance = relevance(f.on_brand, f.whole)
        v.authenticity = p.authenticity if f.suspect else 1.0
        v.churn_risk = risk(f.activity)
        v.usual_gap_s = usual_gap(f)


def views(t: Columns, picked: Ints, params: Rows) -> Rows:
    """Return what is published of the picked rows, int64[n]; a structured array of ``View``."""
    out = np.empty(len(picked), VIEW)
    write_views(t, picked, params, out)
    return out


@compiled
def pass_time(t: Columns, size: int, now: int, params: Rows) -> None:
    """Decay the sums of the first ``size`` rows to ``now``, ms."""
    for row in range(size):
        p: Params = params[t.code[row]]
        age(t.rows[row], now, p)


def replay(history: History, partition: Partition, until: int, step: int) -> Iterator[Rows]:
    """Process the events before ``until``, with a tick every ``step`` ms; yield the transitions as they come.

    Raises:
        ValueError: the program would refuse a line; the text is its reason.
    """
    at = history.acts.at
    if not len(at):
        return
    begin = 0
    for moment in range((int(at[0]) // step + 1) * step, until + step, step):
        now = min(moment, until)
        end = int(np.searchsorted(at, now))
        for topic in np.unique(history.topic[begin:end]).tolist():
            lines = [history.lines[i] for i in (begin + np.flatnonzero(history.topic[begin:end] == topic)).tolist()]
            block = decode(Records.of(lines), Topic(topic), partition.fans, now)
            if block.refused:
                raise ValueError(block.refused[0][1])
            yield partition.fold(block.events, Topic(topic))
        begin = end
        transitions = partition.tick(now, set(), MAX_FLAGS)
        while len(transitions):
            yield transitions
            transitions = partition.tick(now, set(), MAX_FLAGS)


def churn_risks(history: History, fans: Ints, brands: Brands, until: int, step: int) -> Floats:
    """Return the published churn risk at ``until``, ms, of fans by their number in the history."""
    partition = Partition(brands)
    for _ in replay(history, partition, until, step):
        pass
    columns, table = partition.fans.columns, partition.fans
    pass_time(columns, len(table), until, brands.rows)
    rows = table.find(Texts.of([history.keys[fan] for fan in fans.tolist()]))
    risks: Floats = views(columns, rows, brands.rows)["churn_risk"]
    return risks
