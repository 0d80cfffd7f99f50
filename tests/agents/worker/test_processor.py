"""A batch through decode, fold and pending output: what is left for the next transaction, and what readers will get."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from faust.types import TP

from agents.errors import ConfigError
from agents.metrics import Metrics
from agents.transport.fetching import NOTHING, FetchedBatch
from agents.worker.accumulator import Accumulator
from agents.worker.active_task import ActiveTask
from agents.worker.crash_marker import CrashMarker
from agents.worker.processor import MAX_RECORDS, Processor, TaskBatches, in_portions
from schemas.inputs.comments import COMMENTS
from schemas.inputs.declaration import Input
from schemas.inputs.internal import ATTRIBUTION
from schemas.inputs.likes import LIKES
from schemas.inputs.reposts import REPOSTS
from schemas.outputs.records import FanFlag, FanScore
from streams.decode.decoder import DecodedBatch
from streams.fans.model import MODEL
from streams.task import Task, TaskOutput
from streams.wire.records import Record, Records
from tests.agents.worker.memory_worker import NAMES, clock_tp, tp
from tests.streams.histories import START, brands, new_task, record, texts
from tests.support.clock import ManualClock

LOST = "fanpulse_lost_to_retention_total"
NO_LAG: frozenset[int] = frozenset()


class Counting(Processor):
    """Keeps how many batches were decoded together."""

    sizes: list[int]

    def _decode_together(self, source: Input, records: Sequence[Records]) -> list[DecodedBatch]:
        self.sizes.append(len(records))
        return super()._decode_together(source, records)


class Scene:
    """One task and its processor; the clock stands at START."""

    def __init__(self, folder: Path) -> None:
        self.active, self.metrics, self.clock = ActiveTask(0, new_task(), 0.0), Metrics(MODEL, ["weibo"]), ManualClock()
        self.marker = CrashMarker(folder / "marker", list(NAMES.inputs))
        accumulator = Accumulator(self.metrics, brands().names)
        self.processor = Counting(NAMES, accumulator, self.marker, None, self.clock, 5.0)
        self.processor.sizes = []

    @property
    def task(self) -> Task:
        return self.active.task

    def process(self, *batches: tuple[TP, FetchedBatch], lag: frozenset[int] = NO_LAG) -> None:
        self.processor.process(batches, {0: self.active}, lambda _: lag)

    def tick(self, now: int, offset: int = 0, lag: frozenset[int] = NO_LAG) -> None:
        value = msgspec.json.encode({"now": now})
        self.process((clock_tp(), batch(Record(offset, now, None, value))), lag=lag)

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def one(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def batch(*records: Record) -> FetchedBatch:
    return FetchedBatch(records[0].offset, records[-1].offset + 1, Records.of(records))


def likes(first: int, n: int = 1, **fields: Any) -> tuple[TP, FetchedBatch]:
    return tp(), batch(*(record(i, i, **fields) for i in range(first, first + n)))


def scores(output: TaskOutput) -> list[FanScore]:
    return [msgspec.json.decode(value or b"", type=FanScore) for _, values in output.scores for value in texts(values)]


def flags(output: TaskOutput) -> list[FanFlag]:
    return [msgspec.json.decode(value or b"", type=FanFlag) for _, values in output.flags for value in texts(values)]


def test_a_batch_leaves_its_offset_and_a_changed_row(one: Scene) -> None:
    one.process(likes(3, 2))
    assert one.active.offsets == one.active.moved == {tp(): 5}
    assert one.task.applied == {LIKES.number: 5}
    assert one.active.records == 2
    assert [(view.fan_id, view.counts["like"]) for view in scores(one.task.poll_output(START))] == [("f", 2)]


def test_a_batch_without_records_moves_the_offsets_alone(one: Scene) -> None:
    one.process((tp(), FetchedBatch(5, 9, NOTHING)))
    assert (one.active.offsets, one.task.applied) == ({tp(): 9}, {LIKES.number: 9})
    assert not one.active.has_output()


def test_repeats_change_nothing_and_publish_nothing(one: Scene) -> None:
    events = [record(n, n, parent_fan_id="star") for n in range(5)]
    one.process((tp(REPOSTS), batch(*events)))
    one.task.poll_output(START)
    before = one.task.fans.columns.rows[:1].tobytes()
    one.process((tp(REPOSTS), batch(*(event._replace(offset=5 + n) for n, event in enumerate(events)))))
    assert one.task.fans.columns.rows[:1].tobytes() == before
    assert not one.task.pending
    assert one.value("fanpulse_events_total", topic="reposts", platform="weibo", outcome="duplicate") == 5


def test_a_repost_gives_influence_once_per_event(one: Scene) -> None:
    first = record(0, 0, parent_fan_id="star")
    one.process((tp(REPOSTS), batch(first, first._replace(offset=1))))
    ((_, keyed),) = one.task.pending.attributions
    assert keyed.key == b"miot:star"
    assert json.loads(keyed.value or b"")["by_fan_id"] == "f"


def test_an_attribution_that_lifts_a_tier_is_evidence_without_a_post(one: Scene) -> None:
    one.process((tp(ATTRIBUTION), batch(*(record(n, 0, "star", by_fan_id=f"f{n}") for n in range(2_000)))))
    (flag,) = flags(one.task.poll_output(START))
    assert (flag.kind, flag.state, flag.evidence.post_id) == ("tier", "fan", None)
    assert flag.evidence.event_id


def test_an_angry_comment_stands_in_the_fans_view(one: Scene) -> None:
    one.process((tp(COMMENTS), batch(record(0, 0, sentiment=-0.9, post_id="p1"))))
    output = one.task.poll_output(START)
    (flag,), (view,) = flags(output), scores(output)
    assert (flag.kind, flag.state, flag.severity, flag.evidence.post_id) == ("negative", "raised", 2, "p1")
    assert [(standing.flag_id, standing.kind) for standing in view.flags] == [(flag.flag_id, "negative")]


def test_a_refused_record_is_passed_and_counted(one: Scene) -> None:
    one.process((tp(), batch(Record(7, START, b"miot:f", b"{"), record(8, 8))))
    (dead_letter,) = one.task.pending.dead_letters
    assert (dead_letter.source, dead_letter.record.offset, dead_letter.refusal.kind) == (LIKES, 7, "broken JSON")
    assert one.active.offsets[tp()] == 9
    assert one.active.records == 2
    assert one.value("fanpulse_dead_letters_total", topic="likes", kind="broken JSON") == 1


def test_batches_in_a_row_and_a_first_one_anywhere_are_silent(one: Scene, caplog: pytest.LogCaptureFixture) -> None:
    one.process(likes(500, 10))
    one.process(likes(510, 5))
    assert one.value(LOST, topic="likes") == 0
    assert not caplog.records


def test_a_gap_is_counted_and_logged_as_an_error(one: Scene, caplog: pytest.LogCaptureFixture) -> None:
    one.active.seek({tp(): 10})
    one.process(likes(25, 5))
    assert one.value(LOST, topic="likes") == 15
    assert [line.levelno for line in caplog.records] == [logging.ERROR]
    assert "10 to 24 of topic likes, partition 0" in caplog.text


def test_an_offset_reset_ends_the_worker(one: Scene) -> None:
    one.active.seek({tp(): 10})
    with pytest.raises(ConfigError, match="went back from offset 10 to 0"):
        one.process(likes(0, 5))


def test_what_is_no_tick_is_passed_and_time_goes_on(one: Scene, caplog: pytest.LogCaptureFixture) -> None:
    values = [b"", None, b"{", b'{"now":"soon"}', b'{"now":%d}' % (START - 3_000), b"[1]"]
    one.process((clock_tp(), batch(*(Record(n, START, None, value) for n, value in enumerate(values)))))
    assert [line.args[0] for line in caplog.records if isinstance(line.args, tuple)] == [0, 1, 2, 3, 5]
    assert one.active.offsets == {clock_tp(): len(values)}
    assert one.task.applied == {}, "the clock is no input of the rows"
    assert one.value("fanpulse_timer_lag_seconds") == 3.0


class Store:
    """A sparse store that keeps its service clock."""

    def __init__(self) -> None:
        self.clocks: list[int] = []

    def observe(self, source: Input, acts: list[Any], now: int) -> None:
        """Take nothing in."""

    def fire_timers(self, now: int) -> None:
        self.clocks.append(now)

    def poll_changelog(self) -> list[tuple[bytes, bytes | None]]:
        return []

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take nothing back."""


def test_the_service_clock_ticks_every_second_and_silence_is_judged_every_tick_s(one: Scene) -> None:
    store, judged = Store(), []
    one.task.stores = {"probe": store}
    for second in range(12):
        one.tick(START + second * 1_000, second)
        judged.append(one.active.judged_at)
    assert store.clocks == [START + second * 1_000 for second in range(12)]
    assert sorted(set(judged)) == [START, START + 5_000, START + 10_000]


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        (NO_LAG, START + 60_000),
        (frozenset({LIKES.number}), START + 60_000),
        (frozenset({COMMENTS.number}), START + 7),
        (frozenset({COMMENTS.number, LIKES.number}), START + 7),
    ],
    ids=["no lag", "likes", "comments", "both"],
)
@pytest.mark.parametrize("is_judged", [True, False])
def test_the_service_clock_waits_for_comments_that_lag_and_for_nothing_else(
    one: Scene, lag: frozenset[int], expected: int, is_judged: bool
) -> None:
    store = Store()
    one.process((tp(COMMENTS), batch(record(0, 7))), likes(0))
    one.task.stores = {"probe": store}
    one.active.silence_at = 0 if is_judged else START + 100_000
    one.tick(START + 60_000, lag=lag)
    assert store.clocks == [expected]


def test_batches_that_it_may_have_died_of_are_decoded_alone_until_they_are_past(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        CrashMarker(tmp_path / "marker", list(NAMES.inputs)).covering([likes(0), likes(1)]),
    ):
        raise KeyboardInterrupt
    one = Scene(tmp_path)
    one.process(likes(0), likes(1))
    one.process(likes(2), likes(3))
    assert one.processor.sizes == [1, 1, 2]


def test_portions_hold_whole_batches_in_order_and_are_small_enough_to_be_decoded_together() -> None:
    def sized(n: int) -> tuple[TP, FetchedBatch]:
        return tp(), FetchedBatch(0, n, Records.of([Record(0, 0, None, b"")] * n))

    batches: TaskBatches = [sized(n) for n in (MAX_RECORDS + 1, 1, MAX_RECORDS - 1, 1, 0)]
    portions = list(in_portions(batches))
    assert [len(portion) for portion in portions] == [1, 2, 2]
    assert [each for portion in portions for each in portion] == batches
