"""A history through the program's own decode, fold and ticks, without Kafka: what back-tests measure is what runs."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.events import Topic
from schemas.layout import Floats, Ints, Rows
from streams.block import decode
from streams.columns import Columns
from streams.compiled import compiled
from streams.fitting.rhythm import Acts
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.spans import Records, Texts
from streams.rules.decay import age
from streams.view import views

MOST = 1_000  # flags of one tick; it is repeated until none is left


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


@compiled
def pass_time(t: Columns, size: int, now: int, params: Rows) -> None:
    """Fade the sums of the first ``size`` rows to ``now``."""
    for row in range(size):
        p: Params = params[t.code[row]]
        age(t.rows[row], now, p)


def replay(history: History, partition: Partition, until: int, step: int) -> Iterator[Rows]:
    """Feed the events before ``until`` to a partition, with a tick every ``step`` ms; yield the turns as they come.

    Raises:
        ValueError: the program would refuse a line.
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
        turns = partition.tick(now, set(), MOST)
        while len(turns):
            yield turns
            turns = partition.tick(now, set(), MOST)


def churn_risks(history: History, fans: Ints, brands: Brands, until: int, step: int) -> Floats:
    """Return the published churn risk of fans, by their number in the history, as it stands at ``until``, ms."""
    partition = Partition(brands)
    for _ in replay(history, partition, until, step):
        pass
    columns, table = partition.fans.columns, partition.fans
    pass_time(columns, len(table), until, brands.rows)
    rows = table.find(Texts.of([history.keys[fan] for fan in fans.tolist()]))
    risks: Floats = views(columns, rows, brands.rows)["churn_risk"]
    return risks
