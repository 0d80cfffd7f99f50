"""A block that killed the process again and again, record by record: the culprit goes to dead letters."""

import logging
import traceback

from aiokafka import TopicPartition

from agents.logs import frames
from agents.transport.blocks import RawBlock
from agents.worker.applying.blackbox import BlackBox
from agents.worker.applying.scoring import Scoring
from agents.worker.owning.held import Held
from streams.records.spans import Record, Records

log = logging.getLogger(__name__)

TRACE = 4000  # characters of a traceback that are kept


def apply_one_by_one(scoring: Scoring, held: Held, tp: TopicPartition, block: RawBlock, box: BlackBox) -> None:
    """Apply each record alone; one that fails is refused, and its fan is as he was before it."""
    log.warning("%s, offsets %s to %s: applied one by one", tp, block.offset, block.next_offset - 1)
    for record in block.records:
        if box.is_culprit(tp, record.offset):
            log.error("%s, offset %s: killed the process; it goes to dead letters", tp, record.offset)
            scoring.refuse(held, tp, record, "killed the process when applied alone")
            held.outbox.events += 1
            continue
        box.enter(tp, record.offset, record.offset + 1)
        _apply(scoring, held, tp, record)
        box.leave()


def _apply(scoring: Scoring, held: Held, tp: TopicPartition, record: Record) -> None:
    alone, rows, before = Records.of([record]), None, None
    try:
        block = scoring.decode(tp.topic, [alone])[0].found(held.partition.fans)
        rows = block.events["row"]
        before = held.partition.fans.columns.rows[rows].copy()
        scoring.fold(held, tp, block)
    except Exception as error:  # noqa: BLE001  it is told, and the record refused
        log.error("%s, offset %s: it goes to dead letters:\n%s", tp, record.offset, frames(error))  # noqa: TRY400
        if rows is not None:
            held.partition.fans.columns.rows[rows] = before
        trace = "".join(traceback.format_exception(error))[-TRACE:]
        scoring.refuse(held, tp, record, f"killed the fold: {type(error).__name__}", trace)
        held.outbox.events += 1
