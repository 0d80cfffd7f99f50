"""Real histories through a real Kafka: every fan's counts and score are the oracle's."""

from pathlib import Path

import pytest

from tests.integration.counted.proof import Case, check, load, loaded, real
from tests.integration.oracle.formulas import WEIGHT
from tests.support.datasets import TWICE, WHOLE
from tests.support.processes import Processes


def test_the_sample_is_what_the_proof_needs(sample: Case) -> None:
    fans = sample.expected.fans.values()
    assert sample.expected.events >= 50_000
    assert sample.lines / sample.expected.events == pytest.approx(1 + TWICE, abs=0.005)
    assert {kind for fan in fans for kind in fan.counts} == set(WEIGHT)
    assert sum(fan.is_suspect for fan in fans) >= 20
    assert sum(not fan.acts for fan in fans) >= 5_000  # known by attributions alone
    assert sum(fan.counts.total() > len(fan.everything) for fan in fans) >= 100  # beyond the cap
    assert sum(bool(fan.talk and fan.share) for fan in fans) >= 1_000
    assert not sample.doubt.fans  # no order of topics could excuse a difference


def test_every_fan_of_the_sample_has_the_oracles_counts_and_score(broker_processes: Processes, sample: Case) -> None:
    worker = broker_processes.worker()
    loaded(load(broker_processes, sample.path))
    check(broker_processes, sample, [worker])


@pytest.mark.full
def test_every_fan_of_the_whole_set_has_the_oracles_counts_and_score(
    broker_processes: Processes, tmp_path: Path
) -> None:
    whole = real(WHOLE, tmp_path / "whole.jsonl")
    assert len(whole.doubt.fans) <= len(whole.expected.fans) / 1000, "too many fans whose score no definition fixes"
    worker = broker_processes.worker()
    loaded(load(broker_processes, whole.path))
    check(broker_processes, whole, [worker], within=600)
