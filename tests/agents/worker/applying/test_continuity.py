"""Blocks follow each other, or somebody hears of it."""

import logging

import pytest
from aiokafka import TopicPartition

from agents.errors import ConfigError
from agents.metrics import Metrics
from agents.transport.blocks import NOTHING, RawBlock
from agents.worker.applying.continuity import check

TP = TopicPartition("eu-likes", 3)
LOST = "fanpulse_lost_to_retention_total"


def lost(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value(LOST, {"topic": "likes"}) or 0.0


def test_blocks_in_a_row_and_a_first_one_anywhere_are_silent(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics(())
    check(TP, 10, RawBlock(10, 20, NOTHING), metrics, "likes")
    check(TP, None, RawBlock(500, 510, NOTHING), metrics, "likes")
    assert lost(metrics) == 0
    assert not caplog.records


def test_a_hole_is_counted_and_told_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics(())
    check(TP, 10, RawBlock(25, 30, NOTHING), metrics, "likes")
    assert lost(metrics) == 15
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "10 to 24 of topic eu-likes, partition 3" in caplog.text


def test_a_step_back_ends_the_worker() -> None:
    with pytest.raises(ConfigError, match="went back from offset 10 to 0"):
        check(TP, 10, RawBlock(0, 5, NOTHING), Metrics(()), "likes")
