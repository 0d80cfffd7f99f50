"""A block through decode, fold and announce: what is left in the outbox, and what readers will get."""

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from aiokafka import TopicPartition

from agents.metrics import Metrics
from agents.transport.blocks import RawBlock
from agents.worker.applying.batches import Applying
from agents.worker.applying.blackbox import BlackBox
from agents.worker.applying.careful import apply_one_by_one
from agents.worker.applying.scoring import Scoring, kind_of
from agents.worker.owning.held import Held
from schemas.events import Topic
from schemas.outputs import FanFlag, FanScore
from schemas.topics import Names
from streams.columns import Todo
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.flags import json_flags
from streams.records.scores import json_scores
from streams.records.spans import Record, Records

NAMES, NOW = Names("", "", "g"), int(time.time() * 1000)
BRANDS = Brands({}, Params())


def record(offset: int, fan: str = "f", **fields: Any) -> Record:
    act = {"event_id": f"e{offset}", "brand_id": "b", "fan_id": fan, "platform": "weibo", "event_time": NOW - 1000}
    return Record(offset, NOW, f"b:{fan}".encode(), json.dumps(act | fields).encode())


@pytest.fixture
def held() -> Held:
    return Held(0, Partition(BRANDS, 0, 1), 0.0)


@pytest.fixture
def scoring() -> Scoring:
    return Scoring(NAMES, 1, Metrics(["weibo"]), BRANDS, None)


@pytest.fixture
def applying(scoring: Scoring, tmp_path: Path) -> Applying:
    return Applying(scoring, BlackBox(tmp_path / "box", (*NAMES.inputs, NAMES.credits)))


def block(*records: Record) -> RawBlock:
    return RawBlock(records[0].offset, records[-1].offset + 1, Records.of(records))


def nothing_lags(number: int) -> set[Topic]:
    return set()


def told(held: Held) -> list[FanScore]:
    fans = held.partition.fans
    texts = json_scores(fans.columns, fans.waiting(Todo.ANNOUNCE), fans.brands, fans.index)
    return [msgspec.json.decode(texts.at(i), type=FanScore) for i in range(len(texts.start))]


def flagged(held: Held) -> list[FanFlag]:
    fans, box = held.partition.fans, held.outbox
    texts = json_flags(fans.columns, np.concatenate(box.turns), box.proofs, fans.brands, fans.index)
    return [msgspec.json.decode(texts.at(i), type=FanFlag) for i in range(len(texts.start))]


def test_a_block_leaves_its_offset_and_a_changed_row(held: Held, applying: Applying) -> None:
    tp = TopicPartition("likes", 0)
    applying.apply([(tp, block(record(3), record(4)))], {0: held}, nothing_lags)
    assert held.outbox.offsets == held.applied == {tp: 5}
    assert held.outbox.events == 2
    assert [(one.fan_id, one.counts.like) for one in told(held)] == [("f", 2)]


def test_a_replayed_block_changes_nothing_and_tells_nothing(held: Held, applying: Applying) -> None:
    tp, one = TopicPartition("reposts", 0), block(*(record(n, parent_fan_id="star") for n in range(5)))
    applying.apply([(tp, one)], {0: held}, nothing_lags)
    held.take_outbox()
    held.applied.clear()  # as a takeover does
    before = held.partition.fans.columns.rows[:1].tobytes()
    applying.apply([(tp, one)], {0: held}, nothing_lags)
    assert held.partition.fans.columns.rows[:1].tobytes() == before
    assert not held.outbox.turns
    assert not held.outbox.credits


def test_a_repost_pays_its_parent_once_per_event(held: Held, applying: Applying) -> None:
    first = record(0, parent_fan_id="star")
    applying.apply([(TopicPartition("reposts", 0), block(first, first._replace(offset=1)))], {0: held}, nothing_lags)
    (credit,) = held.outbox.credits[0]
    assert credit.key == b"b:star"
    assert json.loads(credit.value or b"")["by_fan_id"] == "f"


def test_a_credit_that_lifts_a_tier_is_evidence_without_a_post(held: Held, applying: Applying) -> None:
    paid = [record(n, fan="star", by_fan_id=f"f{n}") for n in range(2_000)]
    applying.apply([(TopicPartition(NAMES.credits, 0), block(*paid))], {0: held}, nothing_lags)
    flags = flagged(held)
    assert [(flag.kind, flag.state, flag.evidence.post_id) for flag in flags] == [("tier", "fan", None)]
    assert flags[0].evidence.event_id


def test_a_refused_record_keeps_where_it_came_from(held: Held, applying: Applying) -> None:
    applying.apply(
        [(TopicPartition("likes", 0), block(Record(7, NOW, b"b:f", b"{"), record(8)))], {0: held}, nothing_lags
    )
    (letter,) = held.outbox.letters
    assert dict(letter.headers) | {"reason": b""} == {
        "topic": b"likes",
        "partition": b"0",
        "offset": b"7",
        "reason": b"",
    }
    assert held.applied[TopicPartition("likes", 0)] == 9


def test_what_is_no_tick_is_refused_and_time_goes_on(held: Held, applying: Applying) -> None:
    values = [b"", None, b"{", b'{"now":"soon"}', b'{"now":%d}' % NOW, b"[1]"]
    ticks = [Record(n, NOW, None, value) for n, value in enumerate(values)]
    tp = TopicPartition(NAMES.ticks, 0)
    applying.apply([(tp, block(*ticks))], {0: held}, nothing_lags)
    assert [dict(letter.headers)["offset"] for letter in held.outbox.letters] == [b"0", b"1", b"2", b"3", b"5"]
    assert held.applied[tp] == len(ticks)
    behind = applying.scoring.metrics.registry.get_sample_value("fanpulse_timer_lag_seconds")
    assert behind == pytest.approx(time.time() - NOW / 1000, abs=5.0), "the good tick counted"


def test_a_thousand_churn_flags_a_second_leave_a_worker_and_the_rest_waits(held: Held, applying: Applying) -> None:
    likes, ticks, fans, month = TopicPartition("likes", 0), TopicPartition(NAMES.ticks, 0), 2_500, 31 * 86_400_000
    gone = [record(n, fan=f"f{n}", event_time=NOW - month) for n in range(fans)]
    applying.apply([(likes, block(*gone, record(fans, fan="other")))], {0: held}, nothing_lags)  # the feed is alive
    held.take_outbox()
    tick, began = Record(0, NOW, None, b'{"now":%d}' % NOW), time.monotonic()
    while (n := sum(map(len, held.outbox.turns))) < fans:
        applying.apply([(ticks, block(tick))], {0: held}, nothing_lags)
        took, n = time.monotonic() - began, sum(map(len, held.outbox.turns))
        assert n <= 1_000 * (1 + took) + 3, "the bucket holds one second"
        assert took < 30, f"{n} of {fans} flagged"
    assert n == len({flag.fan_id for flag in flagged(held)}) == fans


def test_a_shock_stands_in_the_fans_view(held: Held, applying: Applying) -> None:
    applying.apply(
        [(TopicPartition("comments", 0), block(record(0, sentiment=-0.9, post_id="p1")))], {0: held}, nothing_lags
    )
    (flag,) = flagged(held)
    (view,) = told(held)
    assert (flag.kind, flag.state, flag.severity, flag.evidence.post_id) == ("negative", "raised", 2, "p1")
    assert [(one.flag_id, one.kind) for one in view.flags] == [(flag.flag_id, "negative")]


class Cursed(Scoring):
    """Cannot take a record that says so."""

    def fold(self, held: Held, tp: TopicPartition, block: Any) -> None:
        super().fold(held, tp, block)
        if any(b"cursed" in (record.value or b"") for record in block.records):
            raise RuntimeError("cursed")


def test_one_by_one_a_culprit_is_refused_and_leaves_no_trace_in_the_row(held: Held, tmp_path: Any) -> None:
    scoring, tp = Cursed(NAMES, 1, Metrics(["weibo"]), BRANDS, None), TopicPartition("likes", 0)
    box = BlackBox(tmp_path / "box", NAMES.inputs)
    apply_one_by_one(scoring, held, tp, block(record(0), record(1, post_id="cursed"), record(2)), box)
    (letter,) = held.outbox.letters
    said = dict(letter.headers)
    assert (said["offset"], said["reason"]) == (b"1", b"killed the fold: RuntimeError")
    assert b"RuntimeError: cursed" in said["traceback"]
    assert [one.counts.like for one in told(held)] == [2]
    assert BlackBox(tmp_path / "box", NAMES.inputs).suspect is None


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        ("comments", {"sentiment": -0.9, "post_id": "cursed"}),
        ("reposts", {"parent_fan_id": "star", "post_id": "cursed"}),
    ],
)
def test_one_by_one_a_culprit_leaves_no_pending_output(
    held: Held, tmp_path: Path, topic: str, fields: dict[str, Any]
) -> None:
    scoring, tp = Cursed(NAMES, 1, Metrics(["weibo"]), BRANDS, None), TopicPartition(topic, 0)
    box = BlackBox(tmp_path / "box", NAMES.inputs)
    fans, pending = held.partition.fans, held.outbox
    apply_one_by_one(scoring, held, tp, block(record(0, **{**fields, "post_id": "good"})), box)

    def output() -> object:
        credits = {number: list(outs) for number, outs in pending.credits.items()}
        return list(pending.turns), list(pending.proofs), list(pending.stamps), credits

    before = output()
    todo, due = fans.columns.todo[:1].tolist(), fans.columns.due[:1].tolist()
    apply_one_by_one(scoring, held, tp, block(record(1, fan="victim", **fields), record(2, **fields)), box)
    assert len(pending.letters) == 2
    assert output() == before
    assert pending.events == 3
    assert (fans.columns.todo[:2].tolist(), fans.columns.due[:1].tolist()) == ([*todo, 0], due)
    scoring.tally.count()
    counted = scoring.metrics.registry.get_sample_value
    assert counted("fanpulse_events_total", {"topic": topic, "platform": "weibo", "outcome": "applied"}) == 1


def test_blocks_that_it_may_have_died_of_are_decoded_alone_until_they_are_past(held: Held, tmp_path: Path) -> None:
    sizes = list[int]()

    class Counting(Scoring):
        def decode(self, topic: str, blocks: Any) -> Any:
            sizes.append(len(blocks))
            return super().decode(topic, blocks)

    likes, topics = TopicPartition("likes", 0), (*NAMES.inputs, NAMES.credits)
    BlackBox(tmp_path / "box", topics).enter_all([(likes, block(record(0))), (likes, block(record(1)))])
    scoring = Counting(NAMES, 1, Metrics(["weibo"]), BRANDS, None)
    applying = Applying(scoring, BlackBox(tmp_path / "box", topics))
    for first in (0, 2):
        batch = [(likes, block(record(first + n))) for n in range(2)]
        applying.apply(batch, {0: held}, nothing_lags)
    assert sizes == [1, 1, 2]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("value is null", "no value"),
        ("key belongs to another partition", "wrong partition"),
        ("event_time is more than 5 minutes ahead of our clock", "future"),
        ("Object missing required field `platform`", "missing field"),
        ("killed the fold: RuntimeError", "killed the fold"),
        ("Expected `int`, got `str` - at `$.<a fan's own words>`", "invalid field"),
    ],
)
def test_a_reason_becomes_a_bounded_label(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind
