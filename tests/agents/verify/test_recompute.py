"""A fan computed again equals what a worker wrote, whatever its batches and timers; a change is found."""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
import orjson
import pytest

from agents.verify.compare import Difference, align, published, rows
from agents.verify.recompute import Recomputed, merge, recompute
from schemas.inputs import ATTRIBUTION, COMMENTS, INPUTS, LIKES, PURCHASES, REPOSTS
from schemas.inputs.declaration import Input
from schemas.outputs import applied_offsets
from streams.decode.decoder import decode
from streams.rules.rule import DAY
from streams.task import Clocks, Task
from streams.wire.records import ByteSlices, Record, Records
from tests.streams.histories import NEVER_FUTURE, START, new_task, record

FANS = [f"f{n}" for n in range(6)]
KEYS = [f"miot:{name}".encode() for name in FANS]


class Written(NamedTuple):
    """What a worker left in its topics: newest changelog record by key, and newest score by key."""

    changelog: dict[bytes, bytes]
    scores: dict[bytes, bytes]


def history(seed: int = 3, days: int = 40) -> dict[Input, list[Record]]:
    """Return acts of some fans on four inputs, every tenth twice, and attributions."""
    rng, found = random.Random(seed), {source: list[Record]() for source in INPUTS}
    for n in range(600):
        source, fan = rng.choice((LIKES, REPOSTS, COMMENTS, PURCHASES)), rng.choice(FANS)
        at = n * days * DAY // 600 + rng.randrange(DAY // 2)
        fields = {"sentiment": rng.uniform(-1, 1), "incentivized": rng.random() < 0.2, "event_id": f"e{n}"}
        for _ in range(2 if n % 10 == 0 else 1):
            one = record(len(found[source]), at, fan, **fields)
            found[source].append(one._replace(timestamp=START + at))
        if source is REPOSTS:
            given = {
                "event_id": f"e{n}",
                "brand_id": "miot",
                "fan_id": "f0",
                "by_fan_id": fan,
                "event_time": START + at,
            }
            place = len(found[ATTRIBUTION])
            found[ATTRIBUTION].append(Record(place, START + at, b"miot:f0", msgspec.json.encode(given)))
    return found


def work(records: dict[Input, list[Record]], sizes: Callable[[], int], ticks: bool = True) -> Written:
    """Run a worker over the records, in batches of some sizes; flush everything at the end."""
    task, written = new_task(), Written({}, {})
    left = {source: list(some) for source, some in records.items()}
    rng = random.Random(1)
    while waiting := [source for source, some in left.items() if some]:
        source, n = rng.choice(waiting), sizes()
        part, left[source] = left[source][:n], left[source][n:]
        task.process(source, decode(source, Records.of(part), NEVER_FUTURE), part[-1].offset + 1, START)
    if ticks:
        task.advance(Clocks(START + 41 * DAY))
    keep(task, written)
    return written


def keep(task: Task, written: Written) -> None:
    # Twice: publishing marks rows for the changelog of the next flush, as in a worker.
    for _ in range(2):
        output = task.poll_output(START)
        for pairs, into in ((output.scores, written.scores), (output.changelogs["fans"], written.changelog)):
            for keys, values in pairs:
                into.update({keys.at(i): values.at(i) for i in range(len(keys.start))})


def again(records: dict[Input, list[Record]]) -> tuple[Task, Recomputed]:
    task = new_task()
    return task, recompute(task, records, KEYS, None)


def differences(written: Written, records: dict[Input, list[Record]]) -> list[Difference]:
    old, (fresh, _) = new_task(), again(records)
    log = [Record(i, 0, key, value) for i, (key, value) in enumerate(written.changelog.items())]
    old.restore("fans", Records.of(log))
    found: list[Difference] = []
    for key in KEYS:
        place, other = (int(task.fans.find(ByteSlices.of([key]))[0]) for task in (old, fresh))
        align(old, place, fresh, other)
        a, b = old.fans.columns.rows[place], fresh.fans.columns.rows[other]
        found += rows(key, a, b, has_attributions=True)
        found += published(key, a, written.scores.get(key), (fresh, other), has_attributions=True)
    return found


def planted(written: Written, key: bytes, **cells: float) -> Written:
    """Return the same with other values in a changelog row."""
    row = np.frombuffer(written.changelog[key], new_task().model.dtype).copy()
    for name, value in cells.items():
        row[name] = value
    return written._replace(changelog={**written.changelog, key: row.tobytes()})


@pytest.fixture(scope="module")
def records() -> dict[Input, list[Record]]:
    return history()


@pytest.fixture(scope="module")
def written(records: dict[Input, list[Record]]) -> Written:
    sizes = random.Random(2)
    return work(records, lambda: sizes.randrange(1, 40))


def test_a_worker_that_did_right_differs_in_nothing(written: Written, records: dict[Input, list[Record]]) -> None:
    assert applied_offsets.APPLIED_OFFSETS_KEY in written.changelog
    assert set(KEYS) == written.scores.keys()
    assert differences(written, records) == []


@pytest.mark.parametrize("size", [1, 1000])
def test_batches_do_not_matter(records: dict[Input, list[Record]], size: int) -> None:
    assert differences(work(records, lambda: size, ticks=False), records) == []


@pytest.mark.parametrize(
    ("cells", "fields"),
    [
        ({"count_like": 99}, {"count_like"}),
        ({"talk": 7.7}, {"talk"}),
        ({"sentiment_n": 1}, {"sentiment_n"}),
        ({"last_seen": START}, {"last_seen"}),
        ({"cap_count_like": 9}, {"cap_count_like"}),
        ({"published_score": 1.0}, {"fan-scores score"}),
    ],
)
def test_a_row_that_is_wrong_is_found(
    written: Written, records: dict[Input, list[Record]], cells: dict[str, float], fields: set[str]
) -> None:
    found = differences(planted(written, KEYS[1], **cells), records)
    assert {one.field for one in found} == fields
    assert {one.fan for one in found} == {"miot:f1"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("score", 1.0),
        ("parts.talk", 0.001),
        ("sentiment.n", 1),
        ("counts.like", 99),
        ("churn_risk", 0.9999),
        ("fan_id", "x"),
    ],
)
def test_a_record_that_is_wrong_is_found(
    written: Written, records: dict[Input, list[Record]], path: str, value: object
) -> None:
    score = orjson.loads(written.scores[KEYS[2]])
    group, _, name = path.rpartition(".")
    (score[group] if group else score)[name] = value
    changed = written._replace(scores={**written.scores, KEYS[2]: orjson.dumps(score)})
    assert {one.field for one in differences(changed, records)} == {f"fan-scores {path}"}


def test_a_record_that_is_missing_or_old_is_found(written: Written, records: dict[Input, list[Record]]) -> None:
    missing = {key: value for key, value in written.scores.items() if key != KEYS[3]}
    assert [one.field for one in differences(written._replace(scores=missing), records)] == ["fan-scores"]
    old = orjson.loads(written.scores[KEYS[3]]) | {"seq": 1}
    stale = written._replace(scores={**written.scores, KEYS[3]: orjson.dumps(old)})
    assert [one.field for one in differences(stale, records)] == ["fan-scores seq"]


def test_an_event_that_counted_twice_is_found(written: Written, records: dict[Input, list[Record]]) -> None:
    once = {**records, LIKES: records[LIKES][:-1]}
    assert "count_like" in {one.field for one in differences(written, once)}


def test_an_attribution_that_was_written_twice_is_counted(records: dict[Input, list[Record]]) -> None:
    twice = {**records, ATTRIBUTION: [*records[ATTRIBUTION], records[ATTRIBUTION][-1]._replace(offset=10_000)]}
    (_, found) = again(twice)
    assert [n for n in found.attributed.values() if n > 1] == [2]


def test_a_record_far_ahead_of_its_timestamp_makes_its_fan_undecided(records: dict[Input, list[Record]]) -> None:
    ahead = record(10_000, 50 * DAY, "f4")._replace(timestamp=START)
    _, found = again({**records, LIKES: [*records[LIKES], ahead]})
    assert found.undecided == {b"miot:f4"}


def test_inputs_are_merged_by_the_time_of_their_events() -> None:
    def of(source: Input, moments: list[int]) -> Iterator[Any]:
        return iter([record(i, at)._replace(timestamp=0) for i, at in enumerate(moments)])

    days = {LIKES: [n * DAY for n in range(1200)], REPOSTS: [0], COMMENTS: [600 * DAY]}
    merged = merge({source: of(source, moments) for source, moments in days.items()})
    assert [(source.name, len(chunk)) for source, chunk in merged] == [
        ("likes", 500), ("reposts", 1), ("likes", 500), ("comments", 1), ("likes", 200),
    ]  # fmt: skip


def test_a_chunk_that_cannot_be_read_is_as_old_as_the_one_before() -> None:
    bad = Record(0, 0, b"k", b"no JSON")
    merged = merge({LIKES: [bad], REPOSTS: [record(0, DAY)]})
    assert [source.name for source, _ in merged] == ["likes", "reposts"]
