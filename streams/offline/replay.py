"""Runs a history through a task without Kafka: back-tests measure the code that the worker runs."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from schemas.inputs.declaration import Input
from schemas.row import Floats, Ints, Rows
from streams.decode.decoder import decode
from streams.fans.model import MODEL, Model
from streams.fans.params import Brands
from streams.offline.rhythm import Acts
from streams.rules.churn import churn_risk
from streams.task import Clocks, Task
from streams.wire.records import ByteSlices, Record, Records


class History(NamedTuple):
    """One brand's events in the order of their event time.

    Attributes:
        records: the events as Kafka would deliver them.
        source: int64[n], the declared number of each event's input.
        acts: fan and moment of each event.
        keys: record keys of fan 0, 1, ...
    """

    records: list[Record]
    source: Ints
    acts: Acts
    keys: list[bytes]


def replay(history: History, task: Task, until: int, step: int) -> Iterator[Rows]:
    """Process the events before ``until``, ms, and let time pass every ``step`` ms; yield each step's transitions.

    Influence that reposts give to other fans is left out: no lifecycle depends on it.

    Raises:
        ValueError: the task refuses an event; the text is its reason.
    """
    at = history.acts.at
    if not len(at):
        return
    begin = 0
    for moment in range((int(at[0]) // step + 1) * step, until + step, step):
        now = min(moment, until)
        end = int(np.searchsorted(at, now))
        numbers = history.source[begin:end]
        for number in np.unique(numbers).tolist():
            records = [history.records[i] for i in (begin + np.flatnonzero(numbers == number)).tolist()]
            _process(task, task.model.inputs_by_number[number], records, now)
        begin = end
        while len(task.advance(Clocks(now))):
            continue  # one call returns a limited number of transitions
        yield task.pending.take().transitions


def _process(task: Task, source: Input, records: list[Record], now: int) -> None:
    batch = task.process(source, decode(source, Records.of(records), now), records[-1].offset + 1, now)
    if batch.refused:
        raise ValueError(batch.refused[0][1].reason)


def churn_risks(history: History, fans: Ints, brands: Brands, until: int, step: int, model: Model = MODEL) -> Floats:
    """Return the published churn risk at ``until``, ms, of fans by their number in the history, before rounding.

    Args:
        history: what comes at ``until`` or later is left out.
        fans: int64[n], with an act before ``until``.
        brands: parameters of the history's brand.
        until: ms.
        step: ms between two moments at which time passes.
        model: the rules to run.
    """
    task = Task(model, brands)
    for _ in replay(history, task, until, step):
        pass
    store = task.fans
    store.kernels.decay_all(store.columns, len(store), until, brands.rows)
    rows = store.find(ByteSlices.of([history.keys[fan] for fan in fans.tolist()]))
    activity = store.columns.rows["activity"][rows]
    return np.array([churn_risk(value) for value in activity.tolist()], np.float64)
