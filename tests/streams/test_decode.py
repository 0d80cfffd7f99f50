"""From records to columns: the edges of what is taken, and where a sentiment comes from."""

from collections.abc import Iterable

import numpy as np
import pytest

from schemas.dead_letters import RefusalKind
from schemas.inputs import ATTRIBUTION, COMMENTS, INPUTS, LIKES, REPOSTS
from schemas.inputs.declaration import MAX_VALUE_BYTES, Input
from streams.decode.decoder import DecodedBatch, decode
from streams.fans.model import MODEL
from streams.rules.rule import Outcome
from streams.task import Task
from streams.wire.hashes import partition_of
from streams.wire.records import Record, Records
from tests.streams.histories import NEVER_FUTURE, START, apply, brands, new_task, record, tuned

MINUTE = 60_000
every_input = pytest.mark.parametrize("source", INPUTS, ids=lambda source: source.name)


def columns(source: Input, records: Iterable[Record], now: int = NEVER_FUTURE) -> DecodedBatch:
    return decode(source, Records.of(records), now, lambda texts: np.full(len(texts), 0.25))


def offsets(batch: DecodedBatch) -> list[int]:
    found: list[int] = batch.accepted().offset.tolist()
    return found


def test_a_clock_may_be_five_minutes_ahead_of_ours() -> None:
    events = [record(0, 0), record(1, 5 * MINUTE), record(2, 5 * MINUTE + 1), record(3, -1)]
    found = columns(LIKES, events, now=START)
    assert offsets(found) == [0, 1, 3]
    assert found.refused == [(2, (RefusalKind.FUTURE, "event_time is more than 5 minutes ahead of our clock"))]


def test_a_record_has_64_kilobytes_at_most() -> None:
    spare = MAX_VALUE_BYTES - len(record(0, 0, more="").value or b"")
    found = columns(LIKES, [record(0, 0, more="x" * spare), record(1, 0, more="x" * (spare + 1))])
    assert MAX_VALUE_BYTES == 64 * 1024
    assert offsets(found) == [0]
    reason = f"value of {MAX_VALUE_BYTES + 1} bytes, more than {MAX_VALUE_BYTES}"
    assert found.refused == [(1, (RefusalKind.TOO_LARGE, reason))]


@pytest.mark.parametrize("key", [None, b"", b"miot", b"miot:", b"miot:g", b"other:f", b"miot:f ", b"f:miot", b"\xff"])
def test_the_key_is_the_fans(key: bytes | None) -> None:
    found = columns(LIKES, [record(0, 0)._replace(key=key)])
    assert found.refused == [(0, (RefusalKind.WRONG_KEY, "key is not brand_id:fan_id"))]


def test_a_key_belongs_to_the_partition_that_murmur2_gives_it() -> None:
    task = Task(MODEL, brands(), owned=(3, 12), dedup_ids=100)
    found = apply(task, LIKES, [record(n, 0, fan=f"f{n}") for n in range(50)])
    owned = [n for n in range(50) if partition_of(b"miot:f%d" % n, 12) == 3]
    others = [n for n in range(50) if n not in owned]
    assert offsets(found) == owned
    assert [place for place, refusal in found.refused if refusal.kind == RefusalKind.WRONG_PARTITION] == others
    assert [dead_letter.record.offset for dead_letter in task.pending.dead_letters] == others
    assert len(task.fans) == len(owned)


@every_input
def test_staff_never_score_and_are_not_refused(source: Input) -> None:
    task = new_task(of=brands(miot=tuned(staff=("weibo:900001",))))
    own = [record(n, 0, fan="weibo:900001", by_fan_id="x", parent_fan_id="g") for n in range(2)]
    found = apply(task, source, [*own, record(2, 0, by_fan_id="x")])
    assert found.events["outcome"].tolist() == [Outcome.IGNORED, Outcome.IGNORED, Outcome.APPLIED]
    output = task.poll_output(START)
    assert [(keys.at(0), len(keys.start)) for keys, _ in output.scores] == [(b"miot:f", 1)]
    assert (output.dead_letters, output.attributions) == ([], [])


def test_another_brand_may_have_a_fan_of_the_name_of_our_staff() -> None:
    task = new_task(of=brands(miot=tuned(staff=("weibo:900001",))))
    found = apply(task, LIKES, [record(0, 0, fan="weibo:900001", brand_id="other")])
    assert found.events["outcome"].tolist() == [Outcome.APPLIED]


def test_a_given_sentiment_wins_over_the_model() -> None:
    events = [record(0, 0, text="x"), record(1, 0, text="x", sentiment=None), record(2, 0, sentiment=0.9)]
    assert columns(COMMENTS, events).events["sentiment"].tolist() == [-0.1, 0.25, 0.9]


@pytest.mark.parametrize("source", [source for source in INPUTS if not source.has_text], ids=lambda source: source.name)
def test_an_input_without_text_has_no_sentiment(source: Input) -> None:
    assert np.isnan(columns(source, [record(0, 0, sentiment=-1, by_fan_id="x")]).events["sentiment"]).all()


def test_what_a_repost_gives_is_an_attribution_of_the_other_fan() -> None:
    task = new_task()
    apply(task, REPOSTS, [record(0, 7, parent_fan_id="star"), record(1, 8, parent_fan_id="f"), record(2, 9)])
    ((partition, (key, value)),) = task.pending.attributions
    assert (partition, key) == (0, b"miot:star")
    (act,) = columns(ATTRIBUTION, [Record(0, 0, key, value)]).acts
    assert (act.fan_id, act.by_fan_id, act.event_id, act.event_time) == ("star", "f", "e0", START + 7)
