"""Real histories through a real Kafka: every fan's counts and score are the oracle's."""

from pathlib import Path

import pytest

from tests.ground.datasets import TWICE, WHOLE
from tests.ground.processes import Processes
from tests.integration.counted.proof import Case, check, load, loaded, real
from tests.integration.oracle.formulas import WEIGHT


def test_the_sample_is_what_the_proof_needs(sample: Case) -> None:
    fans = sample.told.fans.values()
    assert sample.told.events >= 50_000
    assert sample.lines / sample.told.events == pytest.approx(1 + TWICE, abs=0.005)
    assert {kind for fan in fans for kind in fan.counts} == set(WEIGHT)
    assert sum(fan.is_suspect for fan in fans) >= 20
    assert sum(not fan.acts for fan in fans) >= 5_000  # known by credits alone
    assert sum(fan.counts.total() > len(fan.everything) for fan in fans) >= 100  # beyond the cap
    assert sum(bool(fan.talk and fan.share) for fan in fans) >= 1_000
    assert not sample.doubt.fans  # no order of topics could excuse a difference


def test_every_fan_of_the_sample_has_the_oracles_counts_and_score(house: Processes, sample: Case) -> None:
    worker = house.worker()
    loaded(load(house, sample.path))
    check(house, sample, [worker])


@pytest.mark.full
def test_every_fan_of_the_whole_set_has_the_oracles_counts_and_score(house: Processes, tmp_path: Path) -> None:
    whole = real(WHOLE, tmp_path / "whole.jsonl")
    assert len(whole.doubt.fans) <= len(whole.told.fans) / 1000, "too many fans whose score no definition fixes"
    worker = house.worker()
    loaded(load(house, whole.path))
    check(house, whole, [worker], within=600)
