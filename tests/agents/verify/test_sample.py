"""Claims about the sample: one pass finds the same fans whatever the order, and the newest record of each."""

import random
from typing import NamedTuple

from agents.verify.sample import newest


class Record(NamedTuple):
    key: bytes
    offset: int


def log(keys: int, records: int) -> list[Record]:
    rng = random.Random(5)
    return [Record(b"b:%d" % rng.randrange(keys), offset) for offset in range(records)]


def test_each_fan_comes_with_his_newest_record() -> None:
    records = log(keys=300, records=5_000)
    last = {record.key: record for record in records}
    found = newest(records, 40, seed=0)
    assert len(found) == 40
    assert all(last[key] == record for key, record in found.items())


def test_the_choice_depends_on_keys_and_seed_alone() -> None:
    records = log(keys=300, records=5_000)
    found = newest(records, 40, seed=0)
    assert newest(reversed(records), 40, seed=0).keys() == found.keys()
    assert newest(records, 40, seed=1).keys() != found.keys()


def test_fewer_fans_than_asked_for_are_all_taken() -> None:
    assert len(newest(log(keys=7, records=100), 40, seed=0)) == 7
