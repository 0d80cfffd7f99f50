"""Records that nobody can use: in the inputs, in the changelog, and one that our own fold cannot take."""

from collections.abc import Callable

import numpy as np
import pytest
from confluent_kafka import Producer

from agents.errors import Exit
from agents.settings import Settings
from schemas.fan import FAN, LAYOUT
from tests.chaos.ground.trial import Trial
from tests.ground.reading import read

BAD = 300


def send(settings: Settings, topic: str, key: bytes, values: list[bytes], partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": settings.broker})
    for value in values:
        producer.produce(topic, value, key, partition)
    assert producer.flush(30) == 0


def test_bad_records_in_a_row_hold_up_nobody(trial: Trial) -> None:
    settings = trial.settings
    trial.worker(0)
    trial.feed()
    trial.moved(2_000)
    trial.strike()
    send(settings, settings.names.inputs[0], b"miot:weibo:1", [b"no JSON %d" % n for n in range(BAD)])
    trial.moved(2_000)
    trial.refused = BAD
    trial.bars["gap_s"] = 1.0
    trial.check()


def test_a_record_that_makes_our_fold_fail_goes_to_dead_letters(trial: Trial) -> None:
    settings = trial.settings
    trial.worker(0, TEST_RAISE_ON='"e9000"')
    trial.work.omitted.add("e9000")
    trial.feed()
    trial.until("it killed the worker often enough", lambda: trial.result.deaths == 3)
    trial.moved(4_000)
    trial.check(letters=1)
    (letter,) = read(settings.broker, settings.names.dead_letters)
    assert letter.headers["reason"] == "killed the fold: RuntimeError"
    assert "RuntimeError" in letter.headers["traceback"]
    assert trial.result.deaths == 3


def row(**changes: object) -> bytes:
    rows = np.zeros(1, FAN)
    rows["layout"] = LAYOUT
    for name, value in changes.items():
        rows[name] = value
    return rows.tobytes()


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (lambda: b"\x01 is no row", Exit.FAIL_STOP, "are not rows of layout"),
        (lambda: row(layout=LAYOUT + 1), Exit.CONFIG, "written by a newer fanpulse"),
        (row, Exit.FAIL_STOP, "key of another partition"),
    ],
    ids=["no row", "of a newer version", "of another partition"],
)
def test_a_changelog_that_cannot_be_read_ends_the_worker(
    trial: Trial, value: Callable[[], bytes], code: Exit, words: str
) -> None:
    settings = trial.settings
    for number in range(settings.partitions):  # the key is at home in one of them
        send(settings, settings.names.changelog, b"miot:weibo:1", [value()], number)
    one = trial.starting(0)
    assert one.wait_end(60) == code
    assert words in one.words()
