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
    """Apply each record alone; one that fails is refused, and leaves neither a change of its fan nor pending output."""
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
    fans, outbox, tally = held.partition.fans, held.outbox, scoring.tally
    outbox_before, tally_before, fan_before = outbox.savepoint(), tally.savepoint(), None
    try:
        block = scoring.decode(tp.topic, [Records.of([record])])[0].found(fans)
        rows, columns = block.events["row"], fans.columns
        fan_before = rows, columns.rows[rows].copy(), columns.todo[rows].copy(), columns.due[rows].copy()
        scoring.fold(held, tp, block)
    except Exception as error:  # noqa: BLE001  it is logged, and the record refused
        log.error("%s, offset %s: it goes to dead letters:\n%s", tp, record.offset, frames(error))  # noqa: TRY400
        if fan_before is not None:
            rows, row, todo, due = fan_before
            fans.columns.rows[rows], fans.columns.todo[rows], fans.columns.due[rows] = row, todo, due
        outbox.rollback(outbox_before)
        tally.rollback(tally_before)
        trace = "".join(traceback.format_exception(error))[-TRACE:]
        scoring.refuse(held, tp, record, f"killed the fold: {type(error).__name__}", trace)
        outbox.events += 1
