"""A new input, a new rule and a new store are one file each: they appear in every stage, and production has none."""

import msgspec
import numpy as np
import pytest

from schemas.inputs import COMMENTS, INPUTS, LIKES
from schemas.topics import Names
from streams.fans.model import MODEL
from streams.rules import RULES
from streams.rules.rule import Outcome
from streams.task import Clocks, Task
from streams.wire.records import Record, Records
from tests.streams.histories import (
    START,
    advance,
    apply,
    brands,
    changelog,
    fan,
    new_task,
    process,
    publish,
    record,
    restored,
    texts,
    tuned,
)
from tests.streams.model import pinged, reminders
from tests.streams.model.composed import TEST_MODEL
from tests.streams.model.pings import TEST_PINGS
from tests.streams.model.reminders import WAIT_MS, Reminders

MINUTE = 60_000


@pytest.fixture
def task() -> Task:
    return new_task(TEST_MODEL)


def store(task: Task) -> Reminders:
    found = task.stores[reminders.NAME]
    assert isinstance(found, Reminders)
    return found


def pings(n: int, kind: str = "test_ping", first: int = 0) -> list[Record]:
    return [record(first + i, (first + i) * (first + i), type=kind) for i in range(n)]


def test_the_input_is_decoded_counted_and_weighed(task: Task) -> None:
    found = apply(task, TEST_PINGS, [record(0, 0), record(1, 1, type="test_echo"), record(2, 2, event_id="e0")])
    assert found.events["kind"].tolist() == [200, 201, 200]
    assert found.events["outcome"].tolist() == [Outcome.APPLIED, Outcome.APPLIED, Outcome.DUPLICATE]
    row = fan(task)
    assert (row["count_test_ping"], row["count_test_echo"], row.count_like) == (1, 1, 0)
    assert row.talk == pytest.approx(3.0, abs=1e-6)


def test_its_kind_is_capped_a_day_and_its_weight_is_a_parameter() -> None:
    miot = msgspec.toml.decode("daily_cap = 2\n[weight]\ntest_ping = 5", type=TEST_MODEL.brand)
    task = new_task(TEST_MODEL, brands(TEST_MODEL, miot=miot))
    process(task, TEST_PINGS, pings(4))
    assert fan(task)["count_test_ping"] == 4
    assert fan(task).talk == pytest.approx(10.0, abs=1e-6)


def test_the_rule_keeps_its_fields_reads_its_parameter_and_raises_its_flag(task: Task) -> None:
    others = new_task(TEST_MODEL, brands(TEST_MODEL, miot=tuned(TEST_MODEL, pings_needed=2)))
    for one, needed in ((task, 3), (others, 2)):
        found = process(one, TEST_PINGS, [*pings(4), *pings(1, "test_echo", 4)])
        found = found[found["flag"] == pinged.FLAG]
        assert found["after"].tolist() == [pinged.PINGED, pinged.QUIET]
        assert (found["event"].tolist(), found["severity"].tolist()) == ([needed - 1, 4], [2, 2])
        assert (fan(one).pings, fan(one).is_pinged) == (0, 0)


def test_its_field_and_its_flag_are_published(task: Task) -> None:
    process(task, TEST_PINGS, pings(3))
    output = publish(task)
    (score,) = (msgspec.json.decode(value or b"") for value in texts(output.scores[0][1]))
    assert score["test"] == {"pings": 3}
    assert score["counts"] == {"test_ping": 3}
    (standing,) = score["flags"]
    assert (standing["kind"], standing["severity"], standing["since"]) == ("test-pinged", 2, START + 4)
    flags = [msgspec.json.decode(value or b"") for value in texts(output.flags[0][1])]
    (flag,) = (flag for flag in flags if flag["kind"] == "test-pinged")
    assert (flag["from"], flag["state"], flag["reason"], flag["evidence"]["event_id"]) == (
        "quiet", "pinged", "pings", "e2",
    )  # fmt: skip
    assert flag["flag_id"] == standing["flag_id"]


def test_a_restore_brings_its_fields_and_gauges_back(task: Task) -> None:
    process(task, TEST_PINGS, pings(3))
    process(task, LIKES, [record(0, 0, fan="g")])
    heir = restored(changelog(publish(task)), model=TEST_MODEL)
    assert fan(heir).tobytes() == fan(task).tobytes()
    assert fan(heir).is_pinged == pinged.PINGED
    assert np.array_equal(heir.fans.columns.class_counts, task.fans.columns.class_counts)
    assert heir.fans.columns.class_counts.shape[1] == 2 * MODEL.n_classes
    found = process(heir, TEST_PINGS, pings(1, "test_echo", 9))
    assert found[found["flag"] == pinged.FLAG]["after"].tolist() == [pinged.QUIET]


def test_names_settings_and_gauges_follow_from_the_lists() -> None:
    names = Names("", "", "g", TEST_MODEL.inputs, ("fans", reminders.NAME))
    assert names.inputs["test-pings"] is TEST_PINGS
    assert {"test-pings", f"g-{reminders.NAME}-changelog"} <= {spec.name for spec in names.specs()}
    found = msgspec.toml.decode("pings_needed = 9\n[weight]\ntest_ping = 4", type=TEST_MODEL.brand)
    assert msgspec.to_builtins(found)["pings_needed"] == 9
    with pytest.raises(msgspec.ValidationError, match="pings_needed"):
        msgspec.toml.decode("pings_needed = 0", type=TEST_MODEL.brand)
    assert [gauge.name for gauge in TEST_MODEL.gauges] == [*(gauge.name for gauge in MODEL.gauges), "pinged"]


def test_the_production_model_knows_nothing_of_it(task: Task) -> None:
    before = MODEL.dtype, MODEL.fingerprint, MODEL.n_classes
    process(task, TEST_PINGS, pings(3))
    plain = new_task()
    process(plain, LIKES, [record(n, n) for n in range(3)])
    output = publish(plain)
    assert b"test" not in output.scores[0][1].at(0)
    assert (MODEL.inputs, MODEL.rules) == (INPUTS, RULES)
    assert not any("ping" in name for name in MODEL.dtype.names or ())
    assert (MODEL.dtype, MODEL.fingerprint, MODEL.n_classes) == before
    assert TEST_MODEL.fingerprint != MODEL.fingerprint
    with pytest.raises(msgspec.ValidationError, match="pings_needed"):
        msgspec.toml.decode("pings_needed = 9", type=MODEL.brand)


def test_both_models_give_the_same_where_the_new_ones_have_no_say(task: Task) -> None:
    plain = new_task()
    for one in (task, plain):
        process(one, COMMENTS, [record(n, n * n * MINUTE, sentiment=-0.7) for n in range(30)])
        process(one, LIKES, [record(n, n * MINUTE) for n in range(30)])
        advance(one, 60 * 86_400_000)
    for name in MODEL.dtype.names or ():
        assert np.array_equal(fan(task)[name], fan(plain)[name]), name


def test_a_sparse_store_is_in_the_changelog_and_its_timers_run_by_the_service_clock(task: Task) -> None:
    process(task, TEST_PINGS, [record(0, 0), record(1, 10 * MINUTE, fan="g")])
    first = changelog(publish(task), reminders.NAME)
    assert [one.key for one in first] == [b"miot:f", b"miot:g"]
    assert reminders.NAME not in publish(task).changelogs
    advance(task, WAIT_MS - 1)
    assert len(store(task).reminders) == 2
    advance(task, WAIT_MS)
    second = changelog(publish(task), reminders.NAME)
    assert [(one.key, one.value) for one in second] == [(b"miot:f", None)]
    heir = new_task(TEST_MODEL)
    heir.restore(reminders.NAME, Records.of([*first, *second]))
    assert store(heir).reminders == store(task).reminders
    advance(heir, 11 * MINUTE)
    assert [one.value for one in changelog(publish(heir), reminders.NAME)] == [None]


def test_the_service_clock_waits_for_lag_of_its_inputs_and_not_for_a_quiet_source(task: Task) -> None:
    process(task, TEST_PINGS, [record(0, 0)])
    advance(task, 10 * MINUTE, lag=[TEST_PINGS])
    assert store(task).reminders, "the newest ping that was read is the present"
    process(task, TEST_PINGS, [record(1, WAIT_MS, fan="g")])
    advance(task, 10 * MINUTE, lag=[TEST_PINGS])
    assert list(store(task).reminders) == [b"miot:g"]
    advance(task, 10 * MINUTE, lag=[LIKES])
    assert not store(task).reminders


def test_lag_of_an_input_of_the_service_clock_alone_makes_nobody_wait_for_silence(task: Task) -> None:
    task.newest_read[LIKES.number] = START
    lag = frozenset([TEST_PINGS.number])
    process(task, LIKES, [record(0, 0)])
    process(task, LIKES, [record(1, 40 * 86_400_000, fan="g")])
    task.advance(Clocks(START + 40 * 86_400_000, lag))
    assert fan(task).lifecycle == 2
