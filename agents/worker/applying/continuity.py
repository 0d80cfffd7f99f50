"""Blocks must follow each other: a hole is counted and told, a step back ends the process."""

import logging

from aiokafka import TopicPartition

from agents.errors import ConfigError
from agents.metrics import Metrics
from agents.transport.blocks import RawBlock

log = logging.getLogger(__name__)


def check(tp: TopicPartition, wanted: int | None, block: RawBlock, metrics: Metrics, label: str) -> None:
    """Compare where a block begins with the offset that was wanted; None: nothing was committed yet.

    Raises:
        ConfigError: the block is from before: the topic is not the one that was read so far.
    """
    if wanted is None or block.offset == wanted:
        return
    if block.offset < wanted:
        raise ConfigError(
            f"topic {tp.topic}, partition {tp.partition}, went back from offset {wanted} to {block.offset}: "
            "was it deleted and created anew? start with another FANPULSE_GROUP, which reads everything anew"
        )
    metrics.holes.labels(label).inc(block.offset - wanted)
    log.error(
        "offsets %s to %s of topic %s, partition %s, are lost: retention removed them before we read them",
        wanted,
        block.offset - 1,
        tp.topic,
        tp.partition,
    )
