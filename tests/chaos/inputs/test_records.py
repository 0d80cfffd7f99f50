"""Records that nobody can use: in the inputs, in the changelog, and one that our own fold cannot take."""

from collections.abc import Callable

import numpy as np
import pytest
from confluent_kafka import Producer

from agents.errors import Exit
from agents.settings import Settings
from streams.fans.model import LAYOUT, MODEL
from tests.chaos.fixtures.scenario import Scenario
from tests.support.reading import read

BAD = 300


def send(settings: Settings, topic: str, key: bytes, values: list[bytes], partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": settings.broker})
    for value in values:
        producer.produce(topic, value, key, partition)
    assert producer.flush(30) == 0


def test_bad_records_in_a_row_hold_up_nobody(scenario: Scenario) -> None:
    settings = scenario.settings
    scenario.worker(0)
    scenario.produce()
    scenario.moved(2_000)
    scenario.expect_fault()
    send(settings, settings.names.leading_input, b"miot:weibo:1", [b"no JSON %d" % n for n in range(BAD)])
    scenario.moved(2_000)
    scenario.refused = BAD
    scenario.bars["gap_s"] = 1.0
    scenario.check()


def test_a_record_that_makes_our_fold_fail_goes_to_dead_letters(scenario: Scenario) -> None:
    settings = scenario.settings
    scenario.worker(0, TEST_RAISE_ON='"e9000"')
    scenario.work.omitted.add("e9000")
    scenario.produce()
    scenario.until("it killed the worker often enough", lambda: scenario.result.deaths == 3)
    scenario.moved(4_000)
    scenario.check(dead_letters=1)
    (dead_letter,) = read(settings.broker, settings.names.dead_letters)
    assert dead_letter.headers["reason"] == "killed the worker: RuntimeError"
    assert "RuntimeError" in dead_letter.headers["traceback"]
    assert scenario.result.deaths == 3


def row(**changes: object) -> bytes:
    rows = np.zeros(1, MODEL.dtype)
    rows["layout"] = LAYOUT
    for name, value in changes.items():
        rows[name] = value
    return rows.tobytes()


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (lambda: b"\x02 is no row", Exit.FAIL_STOP, "is no row"),
        (lambda: row(layout=LAYOUT + 1), Exit.CONFIG, "a newer version wrote them"),
        (row, Exit.FAIL_STOP, "key of another partition"),
    ],
    ids=["no row", "of a newer version", "of another partition"],
)
def test_a_changelog_that_cannot_be_read_ends_the_worker(
    scenario: Scenario, value: Callable[[], bytes], code: Exit, words: str
) -> None:
    settings = scenario.settings
    for number in range(settings.partitions):  # the key is at home in one of them
        send(settings, settings.names.changelog("fans"), b"miot:weibo:1", [value()], number)
    one = scenario.starting(0)
    assert one.wait_end(60) == code
    assert words in one.words()
