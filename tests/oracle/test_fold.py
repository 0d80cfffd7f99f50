"""The program's fold agrees with the oracle, history by history: no Kafka, the same comparison."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.inputs import ATTRIBUTION, INPUTS
from schemas.inputs.declaration import Input
from streams.decode.decoder import decode
from streams.task import Task
from streams.wire.records import Record, Records
from tests.integration.oracle.compare import differences
from tests.integration.oracle.doubt import in_doubt
from tests.integration.oracle.replay import Line, key_of, replay
from tests.oracle.histories import TOPIC, act
from tests.streams.histories import NEVER_FUTURE, START, new_task, texts
from tests.support.bots import bots

SOURCES = {source.name: source for source in INPUTS}
acts = st.builds(
    act,
    kind=st.sampled_from(sorted(TOPIC)),
    day=st.sampled_from([0.0, 0.1, 0.7, 1.0, 2.5, 9.0, 61.3]) | st.floats(0, 400),
    fan=st.sampled_from("fg"),
    incentivized=st.booleans(),
    sentiment=st.floats(-1, 1),
    parent_fan_id=st.sampled_from([None, "f", "g", "h"]),
)


def published(lines: list[Line]) -> dict[str, dict[str, Any]]:
    """Apply every line, in order, then what was attributed; return the published view of every fan."""
    task, offsets = new_task(dedup_ids=100_000), Counter[Input]()
    for line in lines:
        apply(task, SOURCES[line["topic"]], offsets, Record(0, 0, key_of(line).encode(), msgspec.json.encode(line)))
    for _, (key, value) in list(task.pending.attributions):
        apply(task, ATTRIBUTION, offsets, Record(0, 0, key, value))
    views = {}
    for keys, values in task.poll_output(START).scores:
        views = {
            (key or b"").decode(): msgspec.json.decode(value or b"", type=dict[str, Any])
            for key, value in zip(texts(keys), texts(values), strict=True)
        }
    return views


def apply(task: Task, source: Input, offsets: Counter[Input], record: Record) -> None:
    """Apply one record."""
    records = Records.of([record._replace(offset=offsets[source])])
    offsets[source] += 1
    batch = decode(source, records, NEVER_FUTURE)
    assert not batch.refused
    task.process(source, batch, offsets[source], START)


@given(st.lists(acts, max_size=60))
@settings(deadline=None, max_examples=100)
def test_any_history_gives_what_the_oracle_says(lines: list[Line]) -> None:
    assert differences(published(lines), replay(lines).fans, in_doubt(lines).fans) == []


def test_bots_are_seen_through_as_the_oracle_does() -> None:
    lines = list(bots())
    assert differences(published(lines), replay(lines).fans) == []
